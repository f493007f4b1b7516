-- Sessions by position, the newest first, as they stood at one moment. ARGV[1]: that moment, or '' to begin a list now;
-- [2]: the position below which; [3]: sessions at most; [4]: positions looked at at most; [5]: how many statuses
-- follow; then these, then the scopes. Answers the moment, how many there are now, where the next page begins or '', and
-- the sessions, each followed by its position.
local moment, below, limit, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local statuses, scopes = {}, {}
for i = 6, #ARGV do
  if i < 6 + tonumber(ARGV[5]) then
    statuses[#statuses + 1] = ARGV[i]
  else
    scopes[#scopes + 1] = ARGV[i]
  end
end

local begins = not moment
if begins then
  moment = math.max(now(), clock('last'))
  below = moment + 1
  redis.call('HSET', CLOCK, 'last', digits(moment), 'read', digits(moment))
elseif moment > clock('last') or moment < clock('kept') or moment < now() - KEPT_FOR then
  return {'invalid'}
end

-- Where positions come from, each a few at a time.
local sources, total, wanted = {}, 0, {}
for _, scope in ipairs(scopes) do
  for _, status in ipairs(statuses) do
    sources[#sources + 1] = {key = set(status, scope)}
    total = total + redis.call('ZCARD', set(status, scope))
    wanted[status] = true
  end
  -- What is past ended before a list that begins now.
  if not begins then sources[#sources + 1] = {key = set('past', scope), past = true} end
end
-- Each position taken is compared with all sources: this many comparisons are some 20 ms.
most = math.max(1, math.min(most, math.floor(100000 / math.max(1, #sources))))
local step = math.max(4, math.min(limit + 1, math.ceil(256 / math.max(1, #sources))))

-- The newest position of a source that has not been taken, or nil.
local function head(source)
  if not source.found or (source.at > #source.found and #source.found == 2 * step) then
    local from = '(' .. (source.last or digits(below))
    source.found = redis.call('ZREVRANGEBYSCORE', source.key, from, '-inf', 'WITHSCORES', 'LIMIT', 0, step)
    source.at = 1
  end
  return tonumber(source.found[source.at + 1])
end

local function newest()
  local best, position
  for _, source in ipairs(sources) do
    local its = head(source)
    if its and (not position or its > position) then best, position = source, its end
  end
  return best
end

-- The session at a source's head, if it had that position at the moment and a status that is wanted.
local function take(source)
  local member = source.found[source.at]
  source.last = source.found[source.at + 1]
  source.at = source.at + 2
  if not source.past then return member end
  local session, status, ended = string.match(member, '^(%S+) (%l+) (%d+) ')
  return wanted[status] and tonumber(ended) > moment and session
end

local page, looked, source = {}, 0, newest()
while source and #page < limit and looked < most do
  local session, position = take(source) or nil, source.last
  if session then page[#page + 1] = {session, position} end
  below, looked, source = tonumber(source.last), looked + 1, newest()
end

local answer = {digits(moment), digits(total), source and digits(below) or ''}
for _, found in ipairs(page) do answer[#answer + 1], answer[#answer + 2] = found[1], found[2] end
return answer
