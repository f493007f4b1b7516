-- Sessions that have rested for so long that their records may be gone. ARGV[1]: how long, in ms; [2]: of each set at
-- most, or fewer where there are many sets; [3..]: the scopes. Answers each with its position.
local until_ = digits(now() - tonumber(ARGV[1]))
local most = math.max(1, math.min(tonumber(ARGV[2]), math.floor(10000 / (#ARGV - 2))))
local aged = {}
for i = 3, #ARGV do
  for _, status in ipairs({'idle', 'closed'}) do
    local found = redis.call('ZRANGEBYSCORE', set(status, ARGV[i]), '-inf', until_, 'WITHSCORES', 'LIMIT', 0, most)
    for _, part in ipairs(found) do aged[#aged + 1] = part end
  end
end
return aged
