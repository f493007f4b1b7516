-- Records and publishes a batch. ARGV[3]: token; [4]: turns; [5]: 1 when a tool was used; [6]: events kept;
-- [7]: 1 where there may be a hole; [8..]: id (or -), kind and frame of each event.
local known = redis.call('HMGET', RECORD, 'status', 'token', 'top')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return {'lost'} end

local before = known[3] or '0-0'
for i = 8, #ARGV, 3 do
  if ARGV[i] ~= '-' then
    if ARGV[7] ~= '1' and is_behind(before, ARGV[i]) then return {'behind', before} end
    break
  end
end

local top, messages, again = before, 0, false
local published = {before .. '\n'}
for i = 8, #ARGV, 3 do
  local id, kind, frame = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local fresh = id == '-' and not again
  if id ~= '-' then
    fresh = less(top, id)
    if fresh then
      redis.call('XADD', LOG, id, 'k', kind, 'f', frame)
      top = id
      if kind == 'claude_message' then messages = messages + 1 end
    else
      again = true -- A batch that is sent again: its token deltas were published the first time.
    end
  end
  if fresh then
    published[#published + 1] = id .. ' ' .. kind .. ' ' .. #frame .. '\n'
    published[#published + 1] = frame
  end
end

redis.call('HSET', RECORD, 'top', top, 'turns', ARGV[4])
if messages > 0 then redis.call('HINCRBY', RECORD, 'messages', messages) end
if ARGV[5] == '1' then redis.call('HSET', RECORD, 'tool_used', '1') end

local over = redis.call('XLEN', LOG) - tonumber(ARGV[6])
if over > 0 then
  local gone = redis.call('XRANGE', LOG, '-', '+', 'COUNT', over)
  redis.call('HSET', RECORD, 'trimmed', gone[#gone][1])
  redis.call('XTRIM', LOG, 'MAXLEN', ARGV[6])
end

if #published > 1 then redis.call('PUBLISH', CHANNEL, table.concat(published)) end
return {'appended'}
