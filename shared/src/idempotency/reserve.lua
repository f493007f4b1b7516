-- Reserves a key, or tells what it stands for. KEYS[1]: the key; ARGV[1]: fingerprint; [2]: ids; [3]: the holder's token;
-- [4]: hold in ms; [5]: how long the key is kept in ms; [6]: how long the record of an execution is kept in ms.
local fingerprint, ids, token, length = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Lua would write large numbers as 1.7e+12.
local function digits(number)
  return string.format('%.0f', number)
end

local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'ids', 'holder', 'held_until', 'reserved_at', 'settled')
if not known[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', fingerprint, 'ids', ids, 'holder', token,
    'held_until', digits(now + length), 'reserved_at', digits(now))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return {'mine', ids}
end

if known[1] ~= fingerprint then return {'conflict', ''} end
if known[6] then return {'done', known[2]} end
local again = known[3] == token -- Because its answer was lost.
if not again and now < tonumber(known[4]) then return {'in_flight', ''} end
if now - tonumber(known[5]) >= tonumber(ARGV[6]) then return {'done', known[2]} end
redis.call('HSET', KEYS[1], 'holder', token, 'held_until', digits(now + length))
return {again and known[2] == ids and 'mine' or 'taken_over', known[2]}
