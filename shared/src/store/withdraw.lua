-- Ends what could not be published, unless a worker took it. ARGV[3]: move; [4..13]: the ending.
if redis.call('HEXISTS', RECORD, 'tries') == 1 then return {'taken'} end

local state = after(ARGV[3])
if not state then return {'nothing'} end
settle(state, ending(4))
return {'ended', next_job(), standing()}
