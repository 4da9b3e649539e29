package sparknet.train

import java.util.concurrent.atomic.AtomicInteger
import java.util.{Timer, TimerTask, UUID}

import scala.util.control.NonFatal

import org.apache.spark.SparkContext

import sparknet.io.JobProperties

/** Spark jobs of one trainer, so that they can be cancelled and are named in Spark's pages. */
private[sparknet] final class Jobs(sc: SparkContext) {
  private val tag = s"sparknet-${UUID.randomUUID}"
  private val count = new AtomicInteger

  /** How often [[cancel]] has been called: what began before is over. */
  def cancels: Int = count.get

  def run[T](description: String)(body: => T): T =
    JobProperties.tagged(sc, tag)(JobProperties.described(sc, description)(body))

  /** Starts a job that [[cancel]] leaves alone, one of the hosts of this trainer. */
  def start[T](description: String, trainer: Long)(body: => T): T =
    JobProperties.having(sc, Jobs.trainerKey, trainer.toString)(
      JobProperties.described(sc, description)(body)
    )

  /** For cleaning up, where the cluster may be gone; ends all jobs after so many seconds. */
  def quietly(seconds: Int)(body: => Unit): Unit = {
    val timer = new Timer("sparknet-clean-up", true)
    timer.schedule(new TimerTask { override def run(): Unit = Jobs.this.cancel() }, seconds * 1000L)
    try run("freeing nets")(body)
    catch { case NonFatal(_) => () }
    finally timer.cancel()
  }

  /** Cancels what runs; no error if nothing does. */
  def cancel(): Unit = {
    count.incrementAndGet()
    if (!sc.isStopped) sc.cancelJobsWithTag(tag)
  }
}

private[train] object Jobs {

  /** The property of a host's job that says whose it is. */
  val trainerKey = "sparknet.trainer"
}
