-- Records and publishes a batch. ARGV[3]: token; [4]: turns; [5]: 1 when a tool was used; [6]: events kept; [7]: 1 where
-- there may be a hole; [8]: what is published, where it is more than what is recorded; [9..]: of each entry its first id,
-- its last, the number of its events, how many of them are messages, and the events: `{id} {kind} {length}`, a line end,
-- the frame.
local known = redis.call('HMGET', RECORD, 'status', 'token', 'top')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return {'lost'} end

local before = known[3] or '0-0'
if ARGV[9] and ARGV[7] ~= '1' and is_behind(before, ARGV[9]) then return {'behind', before} end

-- What follows an event in an entry, with its number of events and of messages.
local function rest(events, top)
  local from, count, messages, place = #events + 1, 0, 0, 1
  while place <= #events do
    local id, kind, length, frame = string.match(events, '^(%S+) (%S+) (%d+)\n()', place)
    if less(top, id) then
      if count == 0 then from = place end
      count = count + 1
      if kind == 'claude_message' then messages = messages + 1 end
    end
    place = frame + length
  end
  return string.sub(events, from), count, messages
end

local top, recorded, messages, fresh, again = before, 0, 0, {}, false
for i = 9, #ARGV, 5 do
  local first, last, events = ARGV[i], ARGV[i + 1], ARGV[i + 4]
  local count, said = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  if not less(top, first) then
    again = true -- A batch that is sent again: its token deltas were published the first time.
    events, count, said = rest(events, top)
  end
  if count > 0 then
    redis.call('XADD', LOG, last, 'n', count, 'e', events)
    top, recorded, messages = last, recorded + count, messages + said
    fresh[#fresh + 1] = events
  end
end

redis.call('HSET', RECORD, 'top', top, 'turns', ARGV[4])
if messages > 0 then redis.call('HINCRBY', RECORD, 'messages', messages) end
if ARGV[5] == '1' then redis.call('HSET', RECORD, 'tool_used', '1') end

-- As many are kept as are asked for, or a few more: whole entries go.
local over = recorded > 0 and redis.call('HINCRBY', RECORD, 'kept', recorded) - ARGV[6] or 0
while over > 0 do
  local oldest = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]
  local count = tonumber(oldest[2][2])
  if count > over then break end
  redis.call('XDEL', LOG, oldest[1])
  redis.call('HSET', RECORD, 'trimmed', oldest[1])
  over = redis.call('HINCRBY', RECORD, 'kept', -count) - ARGV[6]
end

local published = ARGV[8]
if again or published == '' then published = table.concat(fresh) end
if published ~= '' then redis.call('PUBLISH', CHANNEL, before .. '\n' .. published) end
return {'appended'}
