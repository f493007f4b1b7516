# shellcheck shell=bash disable=SC2154
# A private RabbitMQ, with an epmd of its own. Read by deploy/services, which sets `dir`.

# Debian's /usr/sbin/rabbitmq-server is a wrapper that changes to the user rabbitmq; the script behind it does not.
rabbitmq_program() {
  local found
  for found in /usr/lib/rabbitmq/bin/rabbitmq-server "$(command -v rabbitmq-server || true)" \
    /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server /usr/sbin/rabbitmq-server /opt/rabbitmq/sbin/rabbitmq-server; do
    if [ -x "$found" ] && [[ $(readlink -f "$found") != *-wrapper ]]; then
      echo "$found"
      return
    fi
  done
  return 1
}

epmd_program() {
  command -v epmd || compgen -G '/usr/lib/erlang/erts-*/bin/epmd' || compgen -G '/usr/local/lib/erlang/erts-*/bin/epmd'
}

rabbitmq_installed() {
  local home=$dir/rabbitmq program port dist epmd_port node pid beside=${LONGSHORE_SERVICES_BESIDE:-}
  program=$(rabbitmq_program) || return 1
  # One that is started again is the same as before: its name and its port are in its data and in its clients.
  if [ ! -s "$home/place" ]; then rabbitmq_place "$home" "$beside" || return 1; fi
  read -r port dist epmd_port node <"$home/place"
  rabbitmq_epmd "$home" "$epmd_port" || return 1
  rabbitmq_settings "$home" "$port"
  if [ -n "$beside" ]; then install -m 400 "$beside/rabbitmq/home/.erlang.cookie" "$home/home/.erlang.cookie"; fi
  pid=$(launch "$home/log" env -i PATH="$PATH" HOME="$home/home" LANG=C.UTF-8 \
    ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
    RUNNING_UNDER_SYSTEMD=true `# makes the script exec, so that this pid is the broker` \
    RABBITMQ_NODENAME="$node" RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$dist" \
    RABBITMQ_CONF_ENV_FILE="$home/empty" RABBITMQ_CONFIG_FILE="$home/rabbitmq" RABBITMQ_CONFIG_FILES="$home/conf.d/*.conf" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/logs" RABBITMQ_SCHEMA_DIR="$home/schema" \
    RABBITMQ_GENERATED_CONFIG_DIR="$home/generated" RABBITMQ_PLUGINS_EXPAND_DIR="$home/plugins" \
    RABBITMQ_PID_FILE="$home/rabbitmq.pid" \
    "$program" -kernel inet_dist_use_interface '{127,0,0,1}' -longshore "$node")
  echo "$pid $node" >"$home/pid"
  printf 'export HOME=%q ERL_EPMD_PORT=%q RABBITMQ_NODENAME=%q\n' "$home/home" "$epmd_port" "$node" >"$home/ctl.env"
  url=amqp://guest:guest@127.0.0.1:$port/%2f
  came_up 90 "$pid" rabbitmq_is_ours "$url" "$node" || return 1
  if [ -n "$beside" ] && [ ! -f "$home/joined" ]; then rabbitmq_join "$home" "$beside"; fi
}

# rabbitmq_place HOME BESIDE: chooses its ports and its name.
rabbitmq_place() {
  local port dist epmd_port
  port=$(free_port "$1") || return 1
  dist=$(free_port "$1") || return 1
  # The nodes of a cluster find each other by one port mapper, and know each other by one secret.
  if [ -n "$2" ]; then read -r _ _ epmd_port _ <"$2/rabbitmq/place"; else epmd_port=$(free_port "$1"); fi || return 1
  echo "$port $dist $epmd_port longshore-$(instance)-$$@localhost" >"$1/place"
}

# Makes it a node of the cluster that another one is in.
rabbitmq_join() {
  local first
  read -r _ _ _ first <"$2/rabbitmq/place"
  rabbitmq_ctl stop_app && rabbitmq_ctl join_cluster "$first" && rabbitmq_ctl start_app && : >"$1/joined"
}

# rabbitmq_ctl ARGUMENTS…: for the broker that was started here.
rabbitmq_ctl() {
  local program
  program=$(dirname "$(rabbitmq_program)")/rabbitmqctl
  # shellcheck source=/dev/null # written when it was started
  (. "$dir/rabbitmq/ctl.env" && exec "$program" --quiet "$@")
}

# Now and then a queue comes back from a crash without a leader, and confirms nothing for ever; RabbitMQ's issue 10070.
rabbitmq_elect() {
  rabbitmq_ctl eval '[catch ra:trigger_election(amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list(),
    amqqueue:get_type(Q) =:= rabbit_quorum_queue].' >/dev/null
}

# A port mapper of its own: one shared with other brokers would outlive us, or end with them.
rabbitmq_epmd() {
  local epmd pid
  if port_is_open "$2"; then return; fi
  epmd=$(epmd_program | head -n 1) || return 1
  pid=$(launch "$1/epmd.log" "$epmd" -port "$2" -address 127.0.0.1)
  echo "$pid $2" >"$1/epmd.pid"
  came_up 10 "$pid" port_is_open "$2"
}

# The greeting carries the cluster's name, which begins with the node's.
rabbitmq_is_ours() { amqp_greeting "$1" | grep -q "^${2%@*}@"; }

rabbitmq_settings() {
  mkdir -p "$1"/{home,mnesia,logs,plugins,generated,schema,conf.d}
  : >"$1/empty"
  echo '[].' | tee "$1/advanced.config" >"$1/enabled_plugins"
  cat >"$1/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$2
# A test broker shares its machine with compilers.
vm_memory_high_watermark.absolute = 1GiB
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 67108864
CONF
  if [ -n "${LONGSHORE_SERVICES_RABBITMQ_CONF:-}" ]; then cat "$LONGSHORE_SERVICES_RABBITMQ_CONF" >>"$1/rabbitmq.conf"; fi
}
