# shellcheck shell=bash
# Spark's settings, and the login environment.
readonly CONF="$SPARK/conf" EVENTS=/var/lib/sparknet/events
# What the launcher adds: settings (*.conf), and keys of AWS.
readonly ADDED=/etc/sparknet/added CREDENTIALS=/etc/sparknet/credentials

# put FILE MODE: standard input as a file, never half written or open to others in between.
put() {
  (umask 077 && cat >"$1.new") || fail "cannot write $1"
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# The address by which the others of the cluster know this machine.
own_address() { ip -4 -o addr show scope global | awk 'NR == 1 { sub("/.*", "", $4); print $4 }'; }

# name_self ADDRESS: Java asks for the address of the host's name, which not every network's DNS knows.
name_self() {
  local name
  name="$(uname -n)"
  getent hosts "$name" >/dev/null || printf '%s %s\n' "$1" "$name" >>/etc/hosts
}

# Of who logs in; nothing if the machine has no such user.
home_folder() { getent passwd "$LOGIN_USER" | cut -d : -f 6 || true; }

# Of the memory that Spark counts for a worker half is for a heap, the rest for nets, which are native.
memory_mb() { awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo; }

require_user() {
  [[ -n "$(home_folder)" ]] || fail "there is no user $LOGIN_USER on this machine"
}

configure() {
  local address home
  home="$(home_folder)"
  address="$(own_address)"
  [[ -n "$address" ]] || fail "this machine has no address"
  name_self "$address"
  MASTER="${MASTER:-$address}"
  mkdir -p "$CONF"
  (umask 077 && mkdir -p "$EVENTS" /mnt/spark/work)
  write_defaults "$address"
  write_environment "$address" "$home"
  write_login "$home"
}

# Both daemons and programs read it.
write_defaults() {
  local added
  {
    cat <<END
spark.master                          spark://$MASTER:7077
spark.authenticate                    true
spark.authenticate.secret             $SECRET
spark.network.crypto.enabled          true
spark.network.crypto.saslFallback     false
spark.driver.host                     $1
spark.driver.memory                   $(($(memory_mb) / 2))m
spark.eventLog.enabled                true
spark.eventLog.dir                    file://$EVENTS
spark.history.fs.logDirectory         file://$EVENTS
spark.history.fs.cleaner.enabled      true
spark.pyspark.python                  $PYTHON/bin/python
END
    # Later lines hold.
    for added in "$ADDED"/*.conf; do
      if [[ -f "$added" ]]; then cat "$added"; fi
    done
  } | put "$CONF/spark-defaults.conf" 600
}

# Each worker of a machine has its share of it.
write_environment() {
  local cores memory
  cores=$(($(nproc) / WORKER_INSTANCES))
  memory=$((($(memory_mb) - 1024) / WORKER_INSTANCES))
  put "$CONF/spark-env.sh" 600 <<END
export JAVA_HOME=$(java_home)
export SPARK_LOCAL_IP=$1
export SPARK_LOCAL_HOSTNAME=$1
export SPARK_LOCAL_DIRS=$(local_folders)
export SPARK_WORKER_INSTANCES=$WORKER_INSTANCES
export SPARK_WORKER_CORES=$((cores > 0 ? cores : 1))
export SPARK_WORKER_MEMORY=$((memory > 512 ? memory : 512))m
export SPARK_WORKER_DIR=/mnt/spark/work
export SPARK_WORKER_OPTS=-Dspark.worker.cleanup.enabled=true
export SPARK_MASTER_OPTS=$(printf '%q' "$MASTER_OPTIONS")
export SPARKNET_HOME=$2/SparkNet
export PYSPARK_PYTHON=\${PYSPARK_PYTHON:-$PYTHON/bin/python}
if [ -f $CREDENTIALS ]; then . $CREDENTIALS; fi
END
}

write_login() {
  local name
  put /etc/profile.d/sparknet.sh 644 <<END
export SPARKNET_HOME=$1/SparkNet
export SPARK_HOME=$SPARK
export PYSPARK_PYTHON=\${PYSPARK_PYTHON:-$PYTHON/bin/python}
END
  for name in spark-submit spark-shell spark-sql pyspark; do
    [[ -x "$SPARK/bin/$name" ]] || continue
    put "/usr/local/bin/$name" 755 <<END
#!/bin/sh
# Spark's settings have the cluster's secret, which root alone may read.
if [ "\$(id -u)" != 0 ]; then exec sudo -n "\$0" "\$@"; fi
SPARK_HOME=$SPARK exec $SPARK/bin/$name "\$@"
END
  done
}
