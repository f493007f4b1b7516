-- Makes a key free again. KEYS[1]: the key; ARGV[1]: the holder's token.
local known = redis.call('HMGET', KEYS[1], 'holder', 'settled')
if known[1] ~= ARGV[1] or known[2] then return 0 end
return redis.call('DEL', KEYS[1])
