package org.apache.spark.sparknet

import java.util.Properties

import org.apache.spark.SparkContext

/** What a thread has its jobs bear. */
object LocalProperties {

  /** Runs a body whose settings are its own: the thread has the ones from before afterwards. Threads may
    * share one object, as those of PySpark 4's `CrossValidator` do: what one of them set, or cancelled by
    * its tag, would be all the others'.
    */
  def copied[T](sc: SparkContext)(body: => T): T = {
    val before = sc.getLocalProperties
    sc.setLocalProperties(before.clone().asInstanceOf[Properties])
    try body
    finally sc.setLocalProperties(before)
  }
}
