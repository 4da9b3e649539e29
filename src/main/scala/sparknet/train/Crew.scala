package sparknet.train

import java.util.concurrent.locks.ReentrantLock

import scala.util.control.NonFatal

import org.apache.spark.SparkContext
import org.apache.spark.sparknet.{Mail, MailListener, PublishedMemory, Recipient}

/** The standing crew of one trainer: Spark tasks that stay from round to round and do what messages
  * tell them, until nobody needs them for a while or others need their slots.
  *
  * @param host
  *   makes what runs in a slot, which takes its orders from an office; with it, where workers' items lie
  * @param seen
  *   is told who comes and goes
  */
private[train] final class Crew(
    sc: SparkContext,
    trainer: Long,
    workers: Int,
    executors: Executors,
    jobs: Jobs,
    options: TrainerOptions,
    floats: Int,
    historyCount: Int,
    say: String => Unit,
    seen: MembersWatch
)(host: (String, Int) => (HostRDD, IndexedSeq[Option[String]]))
    extends AutoCloseable {
  private val office = s"sparknet-$trainer"
  private val time: Time = RealTime
  private val neighbours = new Neighbours(trainer, time)
  private val hostJobs =
    new HostJobs(
      sc,
      jobs,
      executors,
      neighbours,
      workers,
      trainer,
      newHost,
      () => {
        jobs.cancel()
        cancel()
      }
    )
  private val members =
    new Members(hostJobs, time, options.waitSeconds.toDouble, options.retries, seen)
  private val copy =
    new WeightsCopy(
      floats,
      new SparkMemory,
      s"${PublishedMemory.prefix}$trainer-driver",
      options.keepSeconds,
      time
    )
  private val coordinator = new Coordinator(workers, historyCount, members, copy, say)
  private val turn =
    new ReentrantLock // of whoever leads the crew: a call of the user's, or the watch
  private var idleSince = time.now
  @volatile private var closed = false

  sc.addSparkListener(neighbours)

  private def newHost(slot: Int): HostRDD = {
    val (rdd, homes) = host(office, slot)
    coordinator.place(homes)
    rdd
  }

  private val mail = new Mail.Office(
    sc,
    office,
    new MailListener {
      private val hosts = new java.util.concurrent.ConcurrentHashMap[Recipient, Long]
      override def opened(to: Recipient, message: AnyRef): Unit = message match {
        case joined: Joined =>
          hosts.put(to, joined.host)
          members.joined(joined, to.send)
        case other => unknown(other)
      }
      override def received(message: AnyRef): Unit = message match {
        case reported: Reported => members.reported(reported)
        case Departed(host)     => members.departed(host)
        case Gone(host)         => members.gone(host)
        case other              => unknown(other)
      }
      override def lost(to: Recipient): Unit =
        Option(hosts.remove(to)).foreach(members.gone(_, "lost"))
      private def unknown(message: AnyRef) =
        throw new IllegalArgumentException(s"no message for a driver: $message")
    }
  )

  private val watch = new Thread(() => watching(), s"$office-watch")
  watch.setDaemon(true)
  watch.start()

  /** Leads the crew; one at a time. */
  def lead[T](body: Coordinator => T): T = {
    turn.lock()
    try members.working(body(coordinator))
    finally {
      idleSince = time.now
      turn.unlock()
    }
  }

  /** Ends what is running, from another thread. */
  def cancel(): Unit = members.cancel()

  /** Gives all slots back when nobody has needed the crew for a while, others wait for them, or the
    * trainer has been forgotten: nothing that this thread holds may hold the trainer.
    */
  private def watching(): Unit =
    try
      while (!closed) {
        Thread.sleep(Crew.watchMillis)
        if (!OpenTrainers.ids(trainer)) close()
        else if (turn.tryLock())
          try if (!closed && hostJobs.asked > 0) look()
          finally turn.unlock()
      }
    catch { case _: InterruptedException => () }

  private def look(): Unit = {
    val idle = time.now - idleSince
    if (idle > options.idleSeconds || (idle > Crew.pauseSeconds && neighbours.others))
      try coordinator.dismiss()
      catch {
        case NonFatal(failed) =>
          idleSince = time.now // to be tried again
          if (!closed && !sc.isStopped)
            say(s"slots could not be given back: ${failed.getMessage}")
      }
  }

  override def close(): Unit = {
    val first = synchronized {
      val before = closed
      closed = true
      !before
    }
    members.cancel()
    turn.lock() // who comes second waits for the first
    try
      if (first) {
        if (!sc.isStopped) {
          members.close()
          sc.removeSparkListener(neighbours)
          mail.close()
        }
        copy.close()
      }
    finally turn.unlock()
  }
}

private object Crew {

  /** A trainer's. Not made in the trainer itself, which no function of its crew may hold: the crew notices
    * when it is forgotten.
    */
  def of(
      sc: SparkContext,
      id: Long,
      workers: Int,
      executors: Executors,
      jobs: Jobs,
      options: TrainerOptions,
      master: MasterNet,
      notices: TrainerNotices,
      data: TrainerData,
      seen: TrainerSeen
  ): Crew =
    new Crew(
      sc,
      id,
      workers,
      executors,
      jobs,
      options,
      master.layout.count,
      master.historyCount,
      notices.warn,
      seen
    )(data.newHost)

  private val watchMillis = 50L

  /** A pause this short between two calls is no reason to go. */
  private val pauseSeconds = 0.1
}
