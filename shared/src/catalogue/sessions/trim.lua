-- Forgets past positions that are no longer kept. ARGV[1]: how many at most. Answers how many.
return trim(tonumber(ARGV[1]))
