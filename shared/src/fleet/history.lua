-- Answers the last minutes by their numbers since 1970, the oldest first, each with what was counted in it. KEYS[1] as for a
-- count; ARGV[1]: how many.
local now, answer = math.floor(redis.call('TIME')[1] / 60), {}
for minute = now - ARGV[1] + 1, now do
  local flat, fields = redis.call('HGETALL', KEYS[1] .. ':minute:' .. string.format('%.0f', minute)), {}
  for i = 1, #flat, 2 do fields[#fields + 1] = {flat[i], tonumber(flat[i + 1])} end
  answer[#answer + 1] = {minute, fields}
end
return answer
