-- Closes a session; there is no execution here, and its id is nil. ARGV[3]: the session's retention in ms. Answers its
-- executions that have not ended, oldest first.
if redis.call('HEXISTS', SESSION, 'workspace_id') == 0 then return {'unknown'} end

-- Closing again is no activity, and keeps the session no longer.
if redis.call('HSETNX', SESSION, 'closed', '1') == 1 then
  changed()
  rest(ARGV[3])
end

local answer = {'closed', standing()}
for _, id in ipairs(redis.call('LRANGE', ORDER, 0, -1)) do
  local status = redis.call('HGET', record_of(id), 'status')
  if status and next(MAY[status]) then answer[#answer + 1] = id end
end
return answer
