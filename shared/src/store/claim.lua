-- Starts an attempt. ARGV[3]: token; [4]: worker; [5]: lease in ms; [6]: template of the `status` event; [7]: 1 to
-- record an unknown execution again; [8]: an attempt that was there before; [9..11]: session id, workspace id, time;
-- [12..]: the record.
local token, worker, length, template = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]

local forgotten = '0' -- '1': the record, or the attempt that the claimant had.
local news = '' -- For the index of sessions, where this makes a session anew.
local status = redis.call('HGET', RECORD, 'status')
if not status then
  if ARGV[7] ~= '1' then return {'unknown'} end
  create(ARGV[9], ARGV[10], ARGV[11], 12)
  -- Its earlier attempts are forgotten, but clients may hold their event ids: those must not come again.
  redis.call('HSET', RECORD, 'attempt', digits(math.floor(now() / 1000)))
  news, forgotten = standing(), '1'
end

local state = after('claim')
if state then
  if closed() then return {'closed'} end
  local _, first = head()
  if first and first ~= EXECUTION then return {'busy', news} end
  if not first then redis.call('RPUSH', ORDER, EXECUTION) end
  local last = tonumber(redis.call('HGET', RECORD, 'attempt') or '0')
  if last < tonumber(ARGV[8]) then forgotten = '1' end
  redis.call('HSET', RECORD, 'attempt', digits(math.max(last, tonumber(ARGV[8])) + 1))
  redis.call('HINCRBY', RECORD, 'tries', 1)
  redis.call('HSET', RECORD, 'status', state, 'token', token, 'worker', worker,
    'lease_until', digits(now() + length), 'tool_used', '0')
  redis.call('HSETNX', RECORD, 'started_at', digits(now()))
  record('status', template, tonumber(redis.call('HGET', RECORD, 'attempt')))
elseif status ~= 'running' then
  return {'ended'}
elseif redis.call('HGET', RECORD, 'token') ~= token then
  return {'elsewhere'} -- Else it is the same claim again, because its answer was lost.
end

local known = redis.call('HMGET', RECORD, 'attempt', 'messages', 'turns')
return {'run', known[1], known[2], known[3], redis.call('HGET', SESSION, 'transcript') or '', news, forgotten}
