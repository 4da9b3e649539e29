# shellcheck shell=bash
# Programs that start with the machine and are started again when they end, by systemd.

# service_install NAME: the unit comes from standard input.
service_install() {
  cat >"/etc/systemd/system/$1.service"
  systemctl daemon-reload
  systemctl enable --quiet "$1.service"
}

# Does not wait: at a boot the set-up is itself a service, which Spark's come after.
service_start() { systemctl start --no-block "$1.service"; }

service_stop() { systemctl stop "$1.service"; }
