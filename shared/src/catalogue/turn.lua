-- Takes a turn, or keeps it. KEYS[1]: whose turn it is; ARGV[1]: who asks; [2]: for how long in ms. Answers the time in
-- ms, or nil while it is another's turn.
local whose = redis.call('GET', KEYS[1])
if whose and whose ~= ARGV[1] then return nil end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
