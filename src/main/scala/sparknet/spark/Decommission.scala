package org.apache.spark.sparknet

import org.apache.spark.SparkContext

/** Executors that are about to be taken away: Spark gives them no new tasks, and waits for those that
  * run there.
  */
object Decommission {

  /** Whether the executor of this id is being decommissioned. */
  def of(sc: SparkContext, executor: String): Boolean =
    sc.taskScheduler.getExecutorDecommissionState(executor).nonEmpty
}
