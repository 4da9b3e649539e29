# shellcheck shell=bash
# Spark's master, workers and history server, and this set-up at every boot.

run_daemons() {
  local number
  service_install sparknet-setup <<END
[Unit]
Description=SparkNet's set-up of this machine
Wants=network-online.target
After=network-online.target local-fs.target
[Service]
Type=oneshot
ExecStart=$HERE/setup
[Install]
WantedBy=multi-user.target
END
  if [[ "$ROLE" == master ]]; then
    run_daemon sparknet-master "Spark's master" org.apache.spark.deploy.master.Master \
      --host "$MASTER" --port 7077 --webui-port 8080
    run_daemon sparknet-history "Spark's history server" \
      org.apache.spark.deploy.history.HistoryServer
    return
  fi
  for ((number = 1; number <= WORKER_INSTANCES; number++)); do
    run_daemon "sparknet-worker-$number" "Spark's worker $number" \
      org.apache.spark.deploy.worker.Worker --webui-port "$((8080 + number))" \
      "spark://$MASTER:7077"
  done
}

# run_daemon NAME DESCRIPTION CLASS ARGUMENT...
run_daemon() {
  local name="$1" unit made
  unit="$(daemon_unit "${@:2}")"
  # What it reads when it starts, less what concerns programs alone.
  made="$(printf '%s\n' "$unit" | cat - "$CONF/spark-env.sh" "$SPARK/.sha512" /etc/sparknet/settings |
    sha512sum)"
  printf '%s\n' "$unit" | service_install "$name"
  if [[ "$made" != "$(cat "/var/lib/sparknet/$name" 2>/dev/null || true)" ]]; then
    service_stop "$name"
  fi
  service_start "$name"
  printf '%s\n' "$made" | put "/var/lib/sparknet/$name" 600
}

# daemon_unit DESCRIPTION CLASS ARGUMENT...: a killed executor is no reason to end its worker.
daemon_unit() {
  cat <<END
[Unit]
Description=$1
Wants=network-online.target
After=network-online.target sparknet-setup.service
StartLimitIntervalSec=0
[Service]
Environment=SPARK_HOME=$SPARK
ExecStart=$SPARK/bin/spark-class ${*:2}
Restart=always
RestartSec=5
SuccessExitStatus=143
LimitNOFILE=1000000
OOMPolicy=continue
[Install]
WantedBy=multi-user.target
END
}
