-- What every script shares; `MAY`, the lifecycle's table, stands before it.
-- KEYS: a session's record, its order, an execution's record and its log, and the session's executions in the order
-- accepted, all in the session's slot.
-- ARGV[1], ARGV[2]: the execution's channel and its id.
local SESSION, ORDER, RECORD, LOG, ACCEPTED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local CHANNEL, EXECUTION = ARGV[1], ARGV[2]

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Lua would write large numbers as 1.7e+12.
local function digits(number)
  return string.format('%.0f', number)
end

-- The state after `move`, or nil where the lifecycle does not permit it.
local function after(move)
  local from = redis.call('HGET', RECORD, 'status')
  return from and MAY[from][move]
end

local function parts(id)
  local attempt, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(attempt), tonumber(seq)
end

local function less(a, b)
  local attempt_a, seq_a = parts(a)
  local attempt_b, seq_b = parts(b)
  return attempt_a < attempt_b or (attempt_a == attempt_b and seq_a < seq_b)
end

-- Whether events are missing between the last one on record and the one that comes next in the same attempt: a Redis that
-- comes back may have lost its last second.
local function is_behind(top, id)
  local last_attempt, last_seq = parts(top)
  local attempt, seq = parts(id)
  return last_attempt == attempt and seq > last_seq + 1
end

-- Records an event that the store itself makes, in the last attempt, and publishes it. `template` holds \1 where its
-- id belongs and \2 where `number` does.
local function record(kind, template, number)
  local known = redis.call('HMGET', RECORD, 'attempt', 'top')
  local attempt, top = tonumber(known[1]) or 0, known[2] or '0-0'
  local last_attempt, last_seq = parts(top)
  local seq = last_attempt == attempt and last_seq + 1 or 1
  local id = digits(attempt) .. '-' .. digits(seq)
  local frame = string.gsub(string.gsub(template, '\1', id), '\2', digits(number))
  local event = id .. ' ' .. kind .. ' ' .. #frame .. '\n' .. frame
  redis.call('XADD', LOG, id, 'n', 1, 'e', event)
  redis.call('HSET', RECORD, 'top', id)
  redis.call('HINCRBY', RECORD, 'kept', 1)
  redis.call('PUBLISH', CHANNEL, top .. '\n' .. event)
end

-- The key of another execution's record of this session.
local function record_of(id)
  return string.sub(RECORD, 1, -37) .. id
end

-- The record of the session's oldest execution that has not ended, and its id. Ids whose record is gone or has ended
-- are left over from a Redis that lost its last second; they would block the session for ever.
local function head()
  while true do
    local id = redis.call('LINDEX', ORDER, 0)
    if not id then return nil end
    local key = record_of(id)
    local status = redis.call('HGET', key, 'status')
    if status and next(MAY[status]) then return key, id, status end
    redis.call('LPOP', ORDER)
  end
end

-- Whether the session is closed.
local function closed()
  return redis.call('HEXISTS', SESSION, 'closed') == 1
end

-- The job that is next in the session, for the caller to publish; '' where there is none. Of a closed session none is
-- begun, and who closes it cancels them all: jobs are large.
local function next_job()
  if closed() then return '' end
  local key, _, status = head()
  return status == 'pending' and redis.call('HGET', key, 'job') or ''
end

-- Notes that something of the session has changed. The version grows with each change, and over a record that expired
-- and came again: it is the time, or one more than the last.
local function changed()
  local last = tonumber(redis.call('HGET', SESSION, 'version') or '0')
  redis.call('HSET', SESSION, 'updated_at', digits(now()), 'version', digits(math.max(now(), last + 1)))
end

-- What the index of sessions is told: version, status and workspace; '' where there is no session.
local function standing()
  local known = redis.call('HMGET', SESSION, 'version', 'closed', 'workspace_id')
  if not known[1] or not known[3] then return '' end
  local status = known[2] and 'closed' or head() and 'active' or 'idle'
  return known[1] .. ' ' .. status .. ' ' .. known[3]
end

-- Starts the clock of a session's retention, where nothing of it lives.
local function rest(retention)
  if head() then return end
  redis.call('PEXPIRE', SESSION, retention)
  redis.call('PEXPIRE', ACCEPTED, retention)
end

-- Gives an execution its number in the session, and forgets the oldest ones whose records are gone: two for one, so
-- that a session that is used for years does not grow.
local function number_it()
  redis.call('ZADD', ACCEPTED, redis.call('HINCRBY', SESSION, 'executions', 1), EXECUTION)
  for _, id in ipairs(redis.call('ZRANGE', ACCEPTED, 0, 1)) do
    if redis.call('EXISTS', record_of(id)) == 0 then redis.call('ZREM', ACCEPTED, id) end
  end
end

-- Writes a new pending execution; its fields and values are the arguments from `first` on.
local function create(session, workspace, created, first)
  redis.call('HSET', RECORD, unpack(ARGV, first))
  if redis.call('HSETNX', SESSION, 'session_id', session) == 1 then
    local metadata = redis.call('HGET', RECORD, 'metadata')
    if metadata then redis.call('HSET', SESSION, 'metadata', metadata) end
  end
  redis.call('HSETNX', SESSION, 'workspace_id', workspace)
  redis.call('HSETNX', SESSION, 'created_at', created)
  redis.call('HSET', SESSION, 'last_execution_id', EXECUTION)
  number_it()
  changed()
  redis.call('PERSIST', SESSION)
  redis.call('PERSIST', ACCEPTED)
  redis.call('RPUSH', ORDER, EXECUTION)
end

-- Ends the execution in a state that the lifecycle has permitted: record, `end` event, the session's order and sums,
-- and the clock of retention.
local function settle(state, ending)
  record('end', ending.template, tonumber(redis.call('HGET', RECORD, 'messages') or '0'))
  redis.call('HSET', RECORD, 'status', state, 'ended_at', digits(now()))
  if ending.result ~= '' then redis.call('HSET', RECORD, 'result', ending.result) end
  if ending.error ~= '' then redis.call('HSET', RECORD, 'error', ending.error) end
  redis.call('HDEL', RECORD, 'job', 'lease_until')
  redis.call('PEXPIRE', RECORD, ending.retention)
  redis.call('PEXPIRE', LOG, ending.retention)
  redis.call('HINCRBY', SESSION, 'turns', redis.call('HGET', RECORD, 'turns') or '0')
  redis.call('HINCRBYFLOAT', SESSION, 'total_cost_usd', ending.cost)
  for name, count in pairs(ending.usage) do redis.call('HINCRBY', SESSION, name, count) end
  redis.call('LREM', ORDER, 1, EXECUTION)
  changed()
  rest(ending.session_retention)
end

-- The ten arguments from `first` on that say how an execution ends.
local function ending(first)
  return {
    template = ARGV[first], result = ARGV[first + 1], error = ARGV[first + 2], cost = ARGV[first + 3],
    retention = ARGV[first + 4], session_retention = ARGV[first + 5],
    usage = {
      input_tokens = ARGV[first + 6], output_tokens = ARGV[first + 7],
      cache_creation_input_tokens = ARGV[first + 8], cache_read_input_tokens = ARGV[first + 9],
    },
  }
end
