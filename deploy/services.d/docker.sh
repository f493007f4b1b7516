# shellcheck shell=bash disable=SC2154
# Either engine from Docker. Read by deploy/services, which sets `dir`.

label=longshore.services

image_of() { if [ "$1" = redis ]; then echo redis:8; else echo rabbitmq:4-management; fi; }

has_docker() { command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1; }

containers() { timeout 20 docker ps --all --quiet --filter "label=$label=$(instance)-$1"; }

# from_docker ENGINE
from_docker() {
  local image inner=6379 outer id
  image=$(image_of "$1")
  if [ "$1" = rabbitmq ]; then inner=5672; fi
  say "$1: starting $image (the first time, Docker downloads it)"
  id=$(timeout 600 docker run --detach --rm --label "$label=$(instance)-$1" --publish "127.0.0.1::$inner" "$image" 9>&-) || return 1
  outer=$(timeout 20 docker port "$id" "$inner/tcp" | head -n 1) || return 1
  url=redis://$outer
  if [ "$1" = rabbitmq ]; then url=amqp://guest:guest@$outer/%2f; fi
  wait_until 90 answers "$1" "$url" && echo "$id" >"$dir/$1/container"
}

answers() { version "$1" "$2" >/dev/null; }
