-- The executions of a session by their numbers; there is no execution here, and its id is nil. ARGV[3]: the number
-- after which, or '' for the beginning; [4]: asc or desc; [5]: executions at most. Answers number and id of each, and
-- forgets those whose records are gone. Fewer than asked for are the last ones: where so many records are gone that this
-- would hold up everybody else, the page is filled with those that have none.
local from, ascending, limit = ARGV[3], ARGV[4] == 'asc', tonumber(ARGV[5])
if from == '' then
  from = ascending and '-inf' or '+inf'
else
  from = '(' .. from
end

-- Executions looked at before a page is filled so: some ms of work.
local MOST = 1000

local page, looked = {}, 0
while #page < 2 * limit do
  local wanted = limit - #page / 2
  looked = looked + wanted
  local found
  if ascending then
    found = redis.call('ZRANGEBYSCORE', ACCEPTED, from, '+inf', 'WITHSCORES', 'LIMIT', 0, wanted)
  else
    found = redis.call('ZREVRANGEBYSCORE', ACCEPTED, from, '-inf', 'WITHSCORES', 'LIMIT', 0, wanted)
  end
  for i = 1, #found, 2 do
    local id, number = found[i], found[i + 1]
    local is_there = redis.call('EXISTS', record_of(id)) == 1
    if is_there or looked > MOST then page[#page + 1], page[#page + 2] = number, id end
    if not is_there then redis.call('ZREM', ACCEPTED, id) end
    from = '(' .. number
  end
  if #found < 2 * wanted then return page end
end
return page
