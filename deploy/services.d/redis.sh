# shellcheck shell=bash disable=SC2154
# A private Redis. Read by deploy/services, which sets `dir`.

redis_program() { command -v redis-server || command -v valkey-server; }

redis_installed() {
  local home=$dir/redis program port pid
  program=$(redis_program) || return 1
  # One that is started again is the same as before.
  if [ ! -s "$home/place" ]; then free_port "$home" >"$home/place" || return 1; fi
  read -r port <"$home/place"
  pid=$(launch "$home/log" "$program" --bind 127.0.0.1 --port "$port" --dir "$home" \
    --save '' --appendonly "${LONGSHORE_SERVICES_KEEP:-no}" --appendfsync everysec --aof-load-truncated yes --daemonize no)
  echo "$pid $port" >"$home/pid"
  url=redis://127.0.0.1:$port
  came_up 20 "$pid" redis_is_ours "$url" "$pid"
}

redis_is_ours() { redis_info "$1" | grep -qx "process_id:$2"; }
