# shellcheck shell=bash
# Processes and ports: starting, recognising and ending what is ours. Read by deploy/services.

# is_running PID WORD: that process lives and has WORD in its command line, so a pid used again by another is not ours.
is_running() {
  [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"
}

# launch LOG COMMAND…: starts it in a session of its own and prints its pid. Every descriptor of ours is closed for it:
# one that is kept would hold our lock, or a pipe whose end our caller waits for.
launch() {
  local log=$1 fd
  shift
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    exec setsid "$@" </dev/null >"$log" 2>&1
  ) >/dev/null &
  echo $!
}

# end_process PID_FILE: SIGTERM, then SIGKILL after 15 s. The file holds "pid word".
end_process() {
  local pid word
  [ -f "$1" ] || return 0
  read -r pid word <"$1" || true
  if is_running "${pid:-0}" "$word"; then
    kill -TERM "$pid" 2>/dev/null || true
    wait_until 15 gone "$pid" "$word" || kill -KILL "$pid" 2>/dev/null || true
    wait_until 5 gone "$pid" "$word" || say "process $pid does not end"
  fi
  rm -f "$1"
}

gone() { ! is_running "$1" "$2"; }

# A dead child that nobody has fetched yet still has its folder in /proc, but no command line.
ended() { [ -z "$(tr -d '\0' 2>/dev/null <"/proc/$1/cmdline")" ]; }

# came_up SECONDS PID COMMAND…: waits until COMMAND holds; not for a process that has ended.
came_up() {
  local seconds=$1 pid=$2
  shift 2
  wait_until "$seconds" holds_or_ended "$pid" "$@" && "$@"
}

holds_or_ended() { "${@:2}" || ended "$1"; }

# wait_until SECONDS COMMAND…
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port FOLDER: a port that nobody has, below the range from which the kernel takes ports for outgoing connections. Nobody
# else is given it for as long as FOLDER is there: not before its program listens, and not while that is dead.
free_port() {
  local port given=${TMPDIR:-/tmp}/longshore-ports-$UID
  mkdir -p "$given"
  (
    flock -w 60 8 || die "another deploy/services keeps $given/lock"
    while :; do
      port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
      # The link leads to whose it is; one that leads nowhere is free.
      if [ -e "$given/$port" ]; then continue; fi
      grep -qi ":$(printf '%04X' "$port") " /proc/net/tcp /proc/net/tcp6 2>/dev/null || break
    done
    ln -sfT "$1" "$given/$port" && echo "$port"
  ) 8>"$given/lock"
}
