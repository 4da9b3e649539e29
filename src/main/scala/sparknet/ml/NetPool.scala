package sparknet.ml

import java.util.concurrent.{Executors, TimeUnit}

import scala.collection.mutable.ArrayBuffer

import sparknet.jna.NativeNet

/** Nets of this JVM that score: one for each task that runs at a time, kept for the next tasks for a
  * while. A net that is lent is nobody else's.
  */
private[ml] object NetPool {
  private final case class Idle(id: String, net: NativeNet, since: Long)

  private val keptSeconds = 60L
  private val idle = ArrayBuffer.empty[Idle]

  private lazy val clock = {
    val timer = Executors.newSingleThreadScheduledExecutor { (work: Runnable) =>
      val thread = new Thread(work, "sparknet-idle-nets")
      thread.setDaemon(true)
      thread
    }
    timer.scheduleWithFixedDelay(
      () => drop(keptSeconds),
      keptSeconds,
      keptSeconds,
      TimeUnit.SECONDS
    )
    timer
  }

  def lend(model: TrainedNet, threads: Int): NativeNet = {
    val kept = synchronized {
      val at = idle.lastIndexWhere(_.id == model.id)
      if (at < 0) None else Some(idle.remove(at).net)
    }
    kept.getOrElse(model.make(threads)._1)
  }

  def takeBack(model: TrainedNet, net: NativeNet): Unit = synchronized {
    clock
    idle += Idle(model.id, net, System.nanoTime)
    ()
  }

  /** Number of idle nets of a model. */
  def count(model: TrainedNet): Int = synchronized(idle.count(_.id == model.id))

  /** Closes what nobody has used for so long. */
  private[ml] def drop(seconds: Long): Unit = synchronized {
    val old = System.nanoTime - seconds * 1000000000L
    val (closing, kept) = idle.partition(_.since - old <= 0)
    idle.clear()
    idle ++= kept
    closing.foreach(_.net.close())
  }
}
