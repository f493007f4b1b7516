-- The members of a set whose time came some time ago, each followed by its time. KEYS[1]: the set; ARGV[1]: how long ago
-- in ms; [2]: members at most.
local time = redis.call('TIME')
local until_ = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[1]))
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', until_, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
