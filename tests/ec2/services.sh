# shellcheck shell=bash
# In place of ec2/machine/services.sh, on hosts without systemd: what a unit says to start is started
# in the background. Nothing starts it again when it ends.

service_install() { cat >"/etc/systemd/system/$1.service"; }

service_runs() { kill -0 "$(cat "/run/service-$1" 2>/dev/null || echo none)" 2>/dev/null; }

service_start() {
  local unit="/etc/systemd/system/$1.service" variables command
  if service_runs "$1"; then return 0; fi
  variables="$(sed -n 's/^Environment=//p' "$unit")"
  command="$(sed -n 's/^ExecStart=//p' "$unit")"
  # A service has nothing of who starts it.
  # shellcheck disable=SC2086 # words of their own, as systemd takes them
  setsid env -i PATH="$PATH" $variables $command >>"/var/log/$1.log" 2>&1 </dev/null 9>&- &
  printf '%d\n' "$!" >"/run/service-$1"
}

service_stop() {
  local pid
  if ! service_runs "$1"; then return 0; fi
  pid="$(cat "/run/service-$1")"
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
