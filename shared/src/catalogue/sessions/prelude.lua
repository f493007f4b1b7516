-- What the scripts of the index of sessions share. KEYS[1]: the index's clock; all other keys are named after it.
--
-- A session has one position: the moment of its last activity, on this index's own clock, which never stands still
-- and never goes back. It stands in the set of its status, once for everybody and once for its workspace. When it
-- moves, and the list was read since it came to its old position, that one is kept for a while as past: pages of that
-- list go on finding the session where it was.
--
-- clock: `last`, the newest position given; `read`, the newest moment for which a list was begun; `kept`, the moment
-- before which lists can no longer be shown. known: of each session version, status, position and workspace. past: by
-- the moment of their end, what past positions say: session, status, end and workspace; `past:{scope}`: the same by
-- position.
local CLOCK = KEYS[1]
local PREFIX = string.sub(CLOCK, 1, -6)
local KNOWN, PAST = PREFIX .. 'known', PREFIX .. 'past'

-- How long past positions are kept, in ms, and how many: about 20 MB of them.
local KEPT_FOR, MOST_KEPT = 3600000, 50000

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Lua would write large numbers as 1.7e+12.
local function digits(number)
  return string.format('%.0f', number)
end

-- A number of the clock.
local function clock(name)
  return tonumber(redis.call('HGET', CLOCK, name) or '0')
end

-- A set; `what` is a status or `past`, `*` is everybody's scope, and no workspace's name.
local function set(what, scope)
  return PREFIX .. what .. ':' .. scope
end

-- What is known of a session, or nil: version, status, position, workspace.
local function known(session)
  local text = redis.call('HGET', KNOWN, session)
  if not text then return nil end
  local version, status, position, workspace = string.match(text, '^(%d+) (%l+) (%d+) (.+)$')
  return {version = tonumber(version), status = status, position = tonumber(position), workspace = workspace}
end

-- Takes a session from its position.
local function leave(session, place)
  redis.call('ZREM', set(place.status, '*'), session)
  redis.call('ZREM', set(place.status, place.workspace), session)
end

-- Forgets past positions that ended too long ago or are too many, at most `limit` of them. Answers how many.
local function trim(limit)
  local over, old = redis.call('ZCARD', PAST) - MOST_KEPT, now() - KEPT_FOR
  local oldest = redis.call('ZRANGE', PAST, 0, limit - 1, 'WITHSCORES')
  for i = 1, #oldest, 2 do
    local past, ended = oldest[i], tonumber(oldest[i + 1])
    local before = (i - 1) / 2
    if ended > old and before >= over then return before end
    redis.call('ZREM', set('past', '*'), past)
    redis.call('ZREM', set('past', string.match(past, '(%S+)$')), past)
    redis.call('ZREM', PAST, past)
    redis.call('HSET', CLOCK, 'kept', digits(ended))
  end
  return #oldest / 2
end
