-- Holds a key for longer. KEYS[1]: the key; ARGV[1]: the holder's token; [2]: hold in ms.
local known = redis.call('HMGET', KEYS[1], 'holder', 'settled')
if known[1] ~= ARGV[1] or known[2] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'held_until', string.format('%.0f', now + tonumber(ARGV[2])))
return 1
