-- Forgets sessions whose records are gone, unless they have moved since that was seen. ARGV: each session, followed by
-- the newest position that it may have. Answers how many were forgotten.
local dropped = 0
for i = 1, #ARGV, 2 do
  local place = known(ARGV[i])
  if place and place.position <= tonumber(ARGV[i + 1]) then
    leave(ARGV[i], place)
    redis.call('HDEL', KNOWN, ARGV[i])
    dropped = dropped + 1
  end
end
return dropped
