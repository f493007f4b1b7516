-- Removes a member, unless it was entered anew meanwhile. KEYS[1]: the set; ARGV[1]: member; [2]: the time it was read with.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0
