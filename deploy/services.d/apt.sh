# shellcheck shell=bash disable=SC2154
# Either engine from apt-get, without its services being started. Read by deploy/services, which sets `dir`.

has_apt() { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE: without the system service that Debian starts at installation, which would take the usual port.
# The policy file that forbids it belongs to the machine, so one installer at a time, and what was there comes back.
apt_install() (
  policy=/usr/sbin/policy-rc.d
  exec 8>/run/lock/longshore-apt
  flock -w 600 8 || return 1
  # shellcheck disable=SC2317 # called by the trap
  restore() { if [ -e "$policy.before-longshore" ]; then mv -f "$policy.before-longshore" "$policy"; else rm -f "$policy"; fi; }
  if [ -e "$policy" ] && [ ! -e "$policy.before-longshore" ]; then mv "$policy" "$policy.before-longshore"; fi
  trap restore EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  export DEBIAN_FRONTEND=noninteractive
  timeout 300 apt-get update -q 8>&- </dev/null >>"$dir/apt.log" 2>&1 || say "apt-get update failed, going on: $dir/apt.log"
  timeout 600 apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=120 "$1" 8>&- </dev/null >>"$dir/apt.log" 2>&1
)
