-- Gives a lost execution back, or ends it. ARGV[3]: token; [4]: grace in ms; [5]: move; [6]: template of the `status`
-- event of a requeue; [7]: the reason that a closed session is, or [7..16]: the ending otherwise.
local known = redis.call('HMGET', RECORD, 'status', 'token', 'lease_until', 'attempt')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return {'not_lost'} end
if now() <= tonumber(known[3]) + tonumber(ARGV[4]) then return {'not_lost'} end

local move = ARGV[5]
local state = after(move)
if not state then return {'not_lost'} end

if move ~= 'requeue' then
  -- Its holder may come back, and must not take this end for its own.
  redis.call('HDEL', RECORD, 'token')
  settle(state, ending(7))
  return {'ended', next_job(), standing()}
end
if closed() then redis.call('HSETNX', RECORD, 'cancel', ARGV[7]) end
if redis.call('HEXISTS', RECORD, 'cancel') == 1 then return {'not_lost'} end -- The next look ends it.
redis.call('HSET', RECORD, 'status', state)
redis.call('HDEL', RECORD, 'token', 'lease_until')
record('status', ARGV[6], tonumber(known[4]))
return {'requeued', redis.call('HGET', RECORD, 'job')}
