-- Notes that a key's execution was accepted. KEYS[1]: the key; ARGV[1]: the holder's token; [2]: how long the key is kept
-- in ms.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'settled', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
