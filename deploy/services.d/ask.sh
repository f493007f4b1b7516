# shellcheck shell=bash
# Asking an address whether it answers, and what answers there. Read by deploy/services.

# host_port URL DEFAULT_PORT: "host port", without user, path and IPv6 brackets.
host_port() {
  local rest=${1#*://}
  rest=${rest%%[/?]*}
  rest=${rest##*@}
  case $rest in
    \[*\]:*) rest="${rest%]:*} ${rest##*]:}" ;;
    \[*\]) rest="${rest%]} $2" ;;
    *:*) rest="${rest%:*} ${rest##*:}" ;;
    *) rest="$rest $2" ;;
  esac
  printf '%s\n' "${rest#[}"
}

# exchange HOST PORT: sends stdin, prints the first piece of the answer. Bounded, because a filtered port never answers.
exchange() {
  # shellcheck disable=SC2016 # the inner shell expands them
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" && cat >&3 && dd bs=65536 count=1 <&3' _ "$1" "$2" 2>/dev/null
}

# AMQP's first frame, Connection.Start, names the server; one printable run a line.
amqp_greeting() {
  local host port
  read -r host port < <(host_port "$1" 5672)
  printf 'AMQP\x00\x00\x09\x01' | exchange "$host" "$port" | LC_ALL=C tr -c '[:print:]' '\n'
}

# redis_info URL: `INFO server`, signed in when the address carries a password.
redis_info() {
  local host port user='' secret='' rest=${1#*://}
  read -r host port < <(host_port "$1" 6379)
  rest=${rest%%[/?]*}
  if [[ $rest == *@* ]]; then
    rest=${rest%@*}
    user=$(unescape "${rest%%:*}") secret=$(unescape "${rest#*:}")
  fi
  {
    if [ -n "$secret" ] && [ -n "$user" ]; then resp AUTH "$user" "$secret"; elif [ -n "$secret" ]; then resp AUTH "$secret"; fi
    resp INFO server
    resp QUIT
  } | exchange_all "$host" "$port" | tr -d '\r\0'
}

# Like `exchange`, until the server closes: for an answer that may come in several pieces.
exchange_all() {
  # shellcheck disable=SC2016 # the inner shell expands them
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" && cat >&3 && cat <&3' _ "$1" "$2" 2>/dev/null
}

resp() {
  local LC_ALL=C word
  printf '*%d\r\n' "$#"
  for word in "$@"; do printf '$%d\r\n%s\r\n' "${#word}" "$word"; done
}

unescape() { printf '%b' "${1//%/\\x}"; }

# version ENGINE URL: the version it answers with; fails when nothing of that kind answers.
version() {
  local answer
  case $1:$2 in
    rabbitmq:amqp://*)
      answer=$(amqp_greeting "$2") || return 1
      awk 'found && NF {print; ok = 1; exit} /^versionS$/ {found = 1} END {exit !ok}' <<<"$answer" ;;
    redis:redis://*)
      answer=$(redis_info "$2") || return 1
      # Valkey answers with both; its own name is the later line.
      awk -F: '/^(redis|valkey)_version:/ {v = $2} END {if (v == "") exit 1; print v}' <<<"$answer" ;;
    *amqps://* | *rediss://*)
      answer=$(host_port "$2" "$([ "$1" = redis ] && echo 6380 || echo 5671)")
      # shellcheck disable=SC2016 # the inner shell expands them
      timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' _ "${answer% *}" "${answer#* }" 2>/dev/null || return 1
      echo 'of unknown version (TLS)' ;;
    *) return 1 ;;
  esac
}
