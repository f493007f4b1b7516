-- Takes a token out of a bucket. KEYS[1]: when the bucket is full again; gone when it is. ARGV[1]: how long a token takes
-- to come back; [2]: how long an empty bucket takes to become full. All times are in µs.
-- Answers 1 where there was a token, the time, and when the bucket is full again.
local refill, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))

local after = full_at + refill
if after - now > depth then return {0, now, full_at} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', string.format('%.0f', math.ceil((after - now) / 1000)))
return {1, now, after}
