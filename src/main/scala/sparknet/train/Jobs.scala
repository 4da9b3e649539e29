package sparknet.train

import java.util.{Timer, TimerTask, UUID}

import scala.util.control.NonFatal

import org.apache.spark.SparkContext

/** The Spark jobs of one trainer, so that they can be cancelled and are named in Spark's pages. */
private[train] final class Jobs(sc: SparkContext) {
  private val tag = s"sparknet-${UUID.randomUUID}"
  private val descriptionKey = "spark.job.description"

  def run[T](description: String)(body: => T): T = {
    sc.addJobTag(tag)
    try having(descriptionKey, description)(body)
    finally sc.removeJobTag(tag)
  }

  /** Starts a job that [[cancel]] leaves alone, one of the hosts of this trainer. */
  def start[T](description: String, trainer: Long)(body: => T): T =
    having(Jobs.trainerKey, trainer.toString)(having(descriptionKey, description)(body))

  /** With a property of the jobs that this thread starts. */
  private def having[T](key: String, value: String)(body: => T): T = {
    val before = sc.getLocalProperty(key)
    sc.setLocalProperty(key, value)
    try body
    finally sc.setLocalProperty(key, before)
  }

  /** For cleaning up, where the cluster may be gone; ends all jobs after so many seconds. */
  def quietly(seconds: Int)(body: => Unit): Unit = {
    val timer = new Timer("sparknet-clean-up", true)
    timer.schedule(new TimerTask { override def run(): Unit = cancel() }, seconds * 1000L)
    try run("SparkNet: free nets")(body)
    catch { case NonFatal(_) => () }
    finally timer.cancel()
  }

  /** Cancels what runs; no error if nothing does. */
  def cancel(): Unit = if (!sc.isStopped) sc.cancelJobsWithTag(tag)
}

private[train] object Jobs {

  /** The property of a host's job that says whose it is. */
  val trainerKey = "sparknet.trainer"
}
