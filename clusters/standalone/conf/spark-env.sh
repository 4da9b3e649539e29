# shellcheck shell=bash
# Read by Spark's master and workers when they start.
export SPARK_MASTER_HOST=node1
# What a machine has for executors. The system and the nets, which are outside of the heaps, need
# the rest.
export SPARK_WORKER_CORES=8
export SPARK_WORKER_MEMORY=12g
# Logs and jars of programs that have ended go after a day.
export SPARK_WORKER_OPTS="-Dspark.worker.cleanup.enabled=true -Dspark.worker.cleanup.appDataTtl=86400"
