package org.apache.spark.sparknet

/** Why jobs were cancelled. */
object CancelledJobs {

  /** Whether a job failed because all of the application's were cancelled. */
  def all(why: Throwable): Boolean =
    Option(why.getMessage).exists(_.contains("as part of cancellation of all jobs"))
}
