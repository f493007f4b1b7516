-- Reads a page. ARGV[3]: the id after which, 0-0 for the start; [4]: events at most; [5]: bytes at most.
-- Answers status, top, trimmed, earliest ('' where there is none), then the events of entries. The first entry may begin
-- before that id, and the last go on beyond so many.
local cursor, limit, room = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', RECORD, 'status', 'top', 'trimmed')
local page = {known[1] or '', '', known[3] or '', ''}
if redis.call('XLEN', LOG) == 0 then return page end

page[2] = known[2] or ''
-- Only a reader who is told of a gap asks for it, and it costs reading a whole entry.
if (known[3] and less(cursor, known[3])) or less(page[2], cursor) then
  local oldest = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]
  page[4] = string.match(oldest[2][4], '^%S+')
end

-- In growing steps, since one event may be 16 MiB and a page must not hold many of those.
local from, count, step = cursor, 0, 1
while count < limit do
  local entries = redis.call('XRANGE', LOG, '(' .. from, '+', 'COUNT', step)
  for _, entry in ipairs(entries) do
    local events = entry[2][4]
    if count > 0 and #events > room then return page end
    page[#page + 1] = events
    from, count, room = entry[1], count + entry[2][2], room - #events
    if count >= limit then return page end
  end
  if #entries < step then return page end
  step = math.min(step * 4, 64)
end
return page
