-- Moves a session to the newest position. ARGV[1]: session; [2]: version; [3]: status; [4]: workspace. What comes late,
-- after a newer version, changes nothing. Answers 1 when it moved.
local session, version, status, workspace = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local old = known(session)
if old and old.version >= tonumber(version) then return 0 end

local position = math.max(now(), clock('last') + 1)
if old then
  leave(session, old)
  if old.position <= clock('read') then
    local past = session .. ' ' .. old.status .. ' ' .. digits(position) .. ' ' .. old.workspace
    redis.call('ZADD', PAST, digits(position), past)
    redis.call('ZADD', set('past', '*'), digits(old.position), past)
    redis.call('ZADD', set('past', old.workspace), digits(old.position), past)
  end
end
redis.call('HSET', CLOCK, 'last', digits(position))
redis.call('HSET', KNOWN, session, version .. ' ' .. status .. ' ' .. digits(position) .. ' ' .. workspace)
redis.call('ZADD', set(status, '*'), digits(position), session)
redis.call('ZADD', set(status, workspace), digits(position), session)
trim(4) -- More than comes in, so that it never grows over its bounds.
return 1
