-- Reads a page. ARGV[3]: the id after which, 0-0 for the start; [4]: events at most; [5]: bytes at most.
-- Answers status, top, trimmed, earliest ('' where there is none), then id, kind and frame of each event.
local cursor, limit, room = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', RECORD, 'status', 'top', 'trimmed')
local page = {known[1] or '', '', known[3] or '', ''}
if redis.call('XLEN', LOG) == 0 then return page end

page[2] = known[2] or ''
-- Only a reader who is told of a gap asks for it, and it costs reading the whole first event.
if (known[3] and less(cursor, known[3])) or less(page[2], cursor) then
  page[4] = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1][1]
end

-- In growing steps, since one event may be 16 MiB and a page must not hold many of those.
local from, count, step = cursor, 0, 1
while count < limit do
  local wanted = math.min(step, limit - count)
  local entries = redis.call('XRANGE', LOG, '(' .. from, '+', 'COUNT', wanted)
  for _, entry in ipairs(entries) do
    local id, kind, frame = entry[1], entry[2][2], entry[2][4]
    if count > 0 and #frame > room then return page end
    page[#page + 1], page[#page + 2], page[#page + 3] = id, kind, frame
    from, count, room = id, count + 1, room - #frame
  end
  if #entries < wanted then return page end
  step = math.min(step * 4, 64)
end
return page
