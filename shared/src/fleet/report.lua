-- Notes how a worker stands. KEYS[1]: the workers by their last report; what they said is beside it. ARGV[1]: worker;
-- [2]: what it says; [3]: for how many ms a worker is listed. Forgets some of those that are listed no more.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local said = KEYS[1] .. ':said'
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('HSET', said, ARGV[1], ARGV[2])
local gone = string.format('(%.0f', now - ARGV[3])
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', gone, 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[1], worker)
  redis.call('HDEL', said, worker)
end
