-- Gives up a lease. ARGV[3]: token; [4..]: fields of the record that are answered.
local known = redis.call('HMGET', RECORD, 'status', 'token')
if known[1] ~= 'running' or known[2] ~= ARGV[3] then return {'lost'} end
redis.call('HSET', RECORD, 'lease_until', '0')
local answer = {'released'}
for i = 4, #ARGV do answer[#answer + 1] = redis.call('HGET', RECORD, ARGV[i]) or '' end
return answer
