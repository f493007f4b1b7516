-- Extends a lease. ARGV[3]: token; [4]: lease in ms; [5]: the reason that a closed session is. Answers why somebody wants
-- the run ended, or ''.
local known = redis.call('HMGET', RECORD, 'status', 'token', 'cancel', 'lease_until')
if known[1] ~= 'running' or known[2] ~= ARGV[3] or known[4] == '0' then return {'lost'} end
redis.call('HSET', RECORD, 'lease_until', digits(now() + tonumber(ARGV[4])))
return {'held', known[3] or (closed() and ARGV[5]) or ''}
