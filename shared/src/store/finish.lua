-- Ends an attempt and the execution. ARGV[3]: token; [4]: move; [5..14]: the ending; [15]: transcript or '';
-- [16]: the attempt's last event or ''.
-- The token goes with the lease that it is of, and stays with the end that it made.
if redis.call('HGET', RECORD, 'token') ~= ARGV[3] then return {'lost'} end

local state = after(ARGV[4])
if state then
  local top = redis.call('HGET', RECORD, 'top') or '0-0'
  if ARGV[16] ~= '' and less(top, ARGV[16]) then return {'behind', top} end
  if ARGV[15] ~= '' then redis.call('HSET', SESSION, 'transcript', ARGV[15]) end
  settle(state, ending(5))
end
return {'done', next_job(), standing()} -- Also for the same call again, because its answer was lost.
