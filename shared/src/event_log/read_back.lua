-- Reads a page backwards. ARGV[3]: the id before which, or + for the end; [4]: events at most; [5]: bytes at most.
-- Answers 1 when there is more, then the events of entries, the newest entry first. The first one may go on beyond that id,
-- and the last begin before so many.
local from, limit, room = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local page, count, step = {'1'}, 0, 1

local function add(entry)
  local events = entry[2][4]
  page[#page + 1] = events
  count, room = count + entry[2][2], room - #events
end

if from ~= '+' then
  -- What comes before it may be in the same entry, which has the id of its last event.
  local around = redis.call('XRANGE', LOG, from, '+', 'COUNT', 1)[1]
  if around and less(string.match(around[2][4], '^%S+'), from) then add(around) end
  from = '(' .. from
end

-- In growing steps, since one event may be 16 MiB and a page must not hold many of those.
while count < limit do
  local entries = redis.call('XREVRANGE', LOG, from, '-', 'COUNT', step)
  for _, entry in ipairs(entries) do
    if count > 0 and #entry[2][4] > room then return page end
    add(entry)
    from = '(' .. entry[1]
    if count >= limit then break end
  end
  if count < limit and #entries < step then
    page[1] = '0'
    return page
  end
  step = math.min(step * 4, 64)
end

if #redis.call('XREVRANGE', LOG, from, '-', 'COUNT', 1) == 0 then page[1] = '0' end
return page
