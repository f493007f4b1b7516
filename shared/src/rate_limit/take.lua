-- Takes a token out of a bucket. KEYS[1]: when the bucket is full again; gone when it is. ARGV[1]: how long a token takes
-- to come back; [2]: how long an empty bucket takes to become full. All times are in µs.
-- Answers 1 where there was a token, the time, and when the bucket is full again.
local refill, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local noted = tonumber(redis.call('GET', KEYS[1]) or now)

local function note(full_at)
  local left = math.ceil((full_at - now) / 1000)
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', string.format('%.0f', left))
end

-- No bucket is emptier than empty, whatever the limit or the clock was when this was noted.
local full_at = math.max(now, math.min(noted, now + depth))
local after = full_at + refill
if after - now <= depth then
  note(after)
  return {1, now, after}
end
if full_at < noted then note(full_at) end
return {0, now, full_at}
