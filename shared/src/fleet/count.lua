-- Adds to the minute that it is now. KEYS[1] names the slot, and what all other names begin with. ARGV[1]: counter;
-- [2]: number of this count, which is done once; [3]: for how many ms both are kept; [4..]: names and what is added to each.
local counted = KEYS[1] .. ':counted:' .. ARGV[1]
if tonumber(redis.call('GET', counted) or '0') >= tonumber(ARGV[2]) then return end
local minute = KEYS[1] .. ':minute:' .. math.floor(redis.call('TIME')[1] / 60)
for i = 4, #ARGV, 2 do redis.call('HINCRBY', minute, ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', minute, ARGV[3])
redis.call('SET', counted, ARGV[2], 'PX', ARGV[3])
