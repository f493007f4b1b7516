-- Reads a page backwards. ARGV[3]: the id before which, or + for the end; [4]: events at most; [5]: bytes at most.
-- Answers 1 when there is more, then id, kind and frame of each event, the newest first.
local from, limit, room = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if from ~= '+' then from = '(' .. from end

-- In growing steps, since one event may be 16 MiB and a page must not hold many of those.
local page, count, step = {'1'}, 0, 1
while count < limit do
  local wanted = math.min(step, limit - count)
  local entries = redis.call('XREVRANGE', LOG, from, '-', 'COUNT', wanted)
  for _, entry in ipairs(entries) do
    local id, kind, frame = entry[1], entry[2][2], entry[2][4]
    if count > 0 and #frame > room then return page end
    page[#page + 1], page[#page + 2], page[#page + 3] = id, kind, frame
    from, count, room = '(' .. id, count + 1, room - #frame
  end
  if #entries < wanted then
    page[1] = '0'
    return page
  end
  step = math.min(step * 4, 64)
end

local oldest = redis.call('XRANGE', LOG, '-', from, 'COUNT', 1)
if #oldest == 0 then page[1] = '0' end
return page
