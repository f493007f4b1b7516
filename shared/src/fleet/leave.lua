-- Takes a worker from the list. KEYS[1] as for a report; ARGV[1]: worker.
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1] .. ':said', ARGV[1])
