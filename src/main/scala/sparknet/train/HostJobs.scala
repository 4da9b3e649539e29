package sparknet.train

import scala.collection.mutable
import scala.concurrent.ExecutionContext
import scala.util.{Failure => Threw, Success}

import org.apache.spark.sparknet.{CancelledJobs, Decommission}
import org.apache.spark.{FutureAction, SparkContext}

/** The Spark jobs that hosts are tasks of: one for each slot, so that each comes and goes by itself.
  * (Of a job with several tasks Spark would start copies of those that take longest, and begin all
  * anew when data of one are lost.)
  *
  * @param workers
  *   more hosts have nothing to do
  * @param host
  *   makes what a job runs: for the host of a slot
  * @param allCancelled
  *   is told when somebody cancels all jobs of the application, as PySpark does for Ctrl-C
  */
private[train] final class HostJobs(
    sc: SparkContext,
    jobs: Jobs,
    executors: Executors,
    neighbours: Neighbours,
    workers: Int,
    trainer: Long,
    host: Int => HostRDD,
    allCancelled: () => Unit
) extends Recruiter {
  private val running = mutable.Map.empty[Int, FutureAction[Unit]]
  private val failures = mutable.Queue.empty[(Int, Throwable)]
  private val known =
    mutable.Set.empty[FutureAction[Unit]] // to be among those that were all cancelled

  override def recruit(): Unit = synchronized {
    if (running.size < workers) { // else there is no need to ask Spark, which each round would do
      val room = if (executors.comeWhenNeeded) workers else math.min(workers, executors.allSlots)
      for (slot <- 0 until room if !running.contains(slot)) start(slot)
    }
  }

  override def asked: Int = synchronized(running.size)

  override def failure(): Option[(Int, Throwable)] = synchronized {
    if (failures.isEmpty) None else Some(failures.dequeue())
  }

  override def isAlive(executor: String): Boolean = executors.live.contains(executor)

  override def isLeaving(executor: String): Boolean = Decommission.of(sc, executor)

  override def othersWait: Boolean = neighbours.others

  override def quiet: (Double, String) = {
    val why =
      if (!sc.isLocal && executors.live.isEmpty) "no executor has registered"
      else "other jobs of the application, or executors that are too small, leave none"
    (neighbours.quiet, why)
  }

  override def dismiss(): Unit = {
    val ending = synchronized(running.toSeq)
    // Hosts that have been told end by themselves; what has not started is called off.
    val deadline = System.nanoTime + HostJobs.patienceMillis * 1000000L
    synchronized {
      while (running.nonEmpty && System.nanoTime < deadline) wait(HostJobs.pollMillis)
    }
    for ((slot, job) <- ending if synchronized(running.get(slot).contains(job))) job.cancel()
    synchronized {
      while (running.nonEmpty && !sc.isStopped) wait(HostJobs.pollMillis)
      running.clear()
      failures.clear()
    }
  }

  private def start(slot: Int): Unit = {
    val name = s"host ${slot + 1} of $workers"
    val rdd = host(slot).setName(s"SparkNet: $name")
    val job = jobs.start(name, trainer) {
      sc.submitJob[Unit, Unit, Unit](rdd, _ => (), Seq(0), (_, _) => (), ())
    }
    running(slot) = job
    job.onComplete { result =>
      val tells = synchronized {
        if (running.get(slot).contains(job)) running.remove(slot)
        val first = result.failed.toOption.exists(CancelledJobs.all) && !known(job)
        if (first) known ++= running.values
        known -= job
        result match {
          case Threw(why) => failures.enqueue((slot, why))
          case Success(_) => ()
        }
        notifyAll()
        first
      }
      if (tells) allCancelled()
    }(HostJobs.direct)
  }
}

private object HostJobs {
  private val patienceMillis = 300L
  private val pollMillis = 20L

  private val direct = new ExecutionContext {
    override def execute(task: Runnable): Unit = task.run()
    override def reportFailure(cause: Throwable): Unit = throw cause
  }
}
