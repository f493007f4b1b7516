-- Enters a member into a set of due times, on Redis's own clock. KEYS[1]: the set; ARGV[1]: member; [2]: due in ms from
-- now; [3]: 1 to keep the time of a member that is there.
local time = redis.call('TIME')
local due = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2]))
if ARGV[3] == '1' then return redis.call('ZADD', KEYS[1], 'NX', due, ARGV[1]) end
return redis.call('ZADD', KEYS[1], due, ARGV[1])
