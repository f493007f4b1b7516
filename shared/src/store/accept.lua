-- Records a pending execution. ARGV[3]: begin or continue; [4..6]: session id, workspace id, time; [7..]: the record.
local mode, session, workspace, created = ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local known = redis.call('HGET', RECORD, 'status')
if known then return {'known', standing(), known} end

if mode == 'continue' then
  local known = redis.call('HMGET', SESSION, 'workspace_id', 'closed')
  if known[1] ~= workspace then return {'not_found'} end
  if known[2] then return {'closed'} end
end

create(session, workspace, created, 7)
return {'accepted', standing()}
