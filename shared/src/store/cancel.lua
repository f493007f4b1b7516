-- Cancels. ARGV[3]: reason; [4]: control channel; [5]: what to publish on it; [6..15]: the ending of a pending one.
local status = redis.call('HGET', RECORD, 'status')
if not status then return {'unknown'} end

if status == 'running' then
  redis.call('HSETNX', RECORD, 'cancel', ARGV[3])
  redis.call('PUBLISH', ARGV[4], ARGV[5])
  return {'asked'}
end

local state = after('cancel')
if not state then return {'ended'} end
settle(state, ending(6))
return {'cancelled', next_job(), standing()}
