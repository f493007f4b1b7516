-- Answers what each listed worker said last, and when. KEYS[1] as for a report; ARGV[1]: for how many ms one is listed.
local time = redis.call('TIME')
local since = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1])
local listed, answer = redis.call('ZRANGEBYSCORE', KEYS[1], since, '+inf', 'WITHSCORES'), {}
for i = 1, #listed, 2 do
  local text = redis.call('HGET', KEYS[1] .. ':said', listed[i])
  if text then answer[#answer + 1] = {text, tonumber(listed[i + 1])} end
end
return answer
