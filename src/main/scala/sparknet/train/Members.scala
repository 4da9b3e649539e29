package sparknet.train

import scala.collection.mutable

import org.apache.spark.sparknet.Place

import sparknet.jna.{CaffeException, Status}

/** A host, as the driver knows it.
  *
  * @param id
  *   of its task attempt
  * @param slot
  *   the job that it belongs to
  * @param executor
  *   as Spark writes the location of a task
  */
private[train] final class Member(
    val id: Long,
    val slot: Int,
    val executor: String,
    val place: Place,
    private[train] val send: ToHost => Unit
) {

  /** Of the weights that it has; -1: none that are whole. */
  var version: Long = -1
  private[train] var order = Option.empty[Long] // that it is carrying out
  private[train] var outcome = Option.empty[Outcome]
  private[train] var seconds = 0.0 // that all orders took it
  private[train] var stopsUntil = 0.0 // when it should have stopped what nobody wants any more

  /** Whether it has published this. */
  def has(vector: Published): Boolean = vector.name.startsWith(Host.prefix(id))

  override def toString: String = s"host $id in $executor"
}

/** Brings tasks up on which hosts run. */
private[train] trait Recruiter {

  /** Asks for tasks for all slots that have none, as far as the cluster has room. */
  def recruit(): Unit

  /** Tasks that run, or are to. */
  def asked: Int

  /** A slot whose task could not go on in spite of all that Spark tried, and why; each is told once. */
  def failure(): Option[(Int, Throwable)]

  /** Whether Spark has not lost an executor. */
  def isAlive(executor: String): Boolean

  /** Whether Spark is about to take an executor away, and gives it no new tasks.
    *
    * @param executor
    *   its id
    */
  def isLeaving(executor: String): Boolean

  /** Whether others of the application wait for slots. */
  def othersWait: Boolean

  /** Seconds since something last changed in the cluster; what hinders it if nothing does. */
  def quiet: (Double, String)

  /** Calls off tasks that have not started, and waits for the others to end. */
  def dismiss(): Unit
}

/** Told of hosts, with the monitor of the members: at once, and briefly. */
private[train] trait MembersWatch {
  def joined(member: Member): Unit

  /** @param how
    *   in a word or two
    */
  def left(member: Member, how: String): Unit
}

private[train] object NobodyWatches extends MembersWatch {
  override def joined(member: Member): Unit = ()
  override def left(member: Member, how: String): Unit = ()
}

/** How time passes, for those who wait. */
private[train] trait Time {

  /** Seconds. */
  def now: Double

  /** Waits, with the monitor of `lock`, until it is notified or so many seconds have passed. */
  def await(lock: AnyRef, seconds: Double): Unit
}

private[train] object RealTime extends Time {
  override def now: Double = System.nanoTime / 1e9
  override def await(lock: AnyRef, seconds: Double): Unit =
    lock.wait(math.max(1L, (seconds * 1000).toLong))
}

/** The hosts there are. They come, go and answer on threads of Spark's; whoever leads them waits here.
  *
  * @param waitSeconds
  *   how long to wait for hosts that were asked for before those there are begin
  * @param retries
  *   how often in a row the task of a slot may fail for good, or all hosts get lost, before that is an
  *   error
  * @param watch
  *   is told who comes and goes
  */
private[train] final class Members(
    recruiter: Recruiter,
    time: Time,
    waitSeconds: Double,
    retries: Int,
    watch: MembersWatch = NobodyWatches
) {
  import Members._

  private val hosts = mutable.LinkedHashMap.empty[Long, Member]
  private val remaining = mutable.LinkedHashMap.empty[String, Member] // by executor
  private var orders = 0L
  private var changes = 0L
  private var changedAt = 0.0
  private var formedAt = Option.empty[Double] // when these hosts first carried out something
  private var losses = 0 // of all hosts
  private var why = Option.empty[Failure] // what a host said of them last
  private val failures = mutable.Map.empty[Int, Int].withDefaultValue(0) // of each slot
  private var missing = ""
  private var busy = false
  private var cancelled = false
  private var closed = false

  /** Does a little of what there is to do while somebody waits; whether there is more. */
  var meanwhile: () => Boolean = () => false

  def now: Double = time.now

  /** What could not be fetched last. */
  def lastMissing: String = missing

  def joined(message: Joined, send: ToHost => Unit): Unit = synchronized {
    val before = hosts.values.find(_.slot == message.slot)
    if (closed) Seq(Leave, Retire).foreach(send)
    else if (before.exists(host => recruiter.isAlive(host.executor))) send(Refused)
    else {
      before.foreach(remove(_, "lost"))
      val member = new Member(message.host, message.slot, message.executor, message.place, send)
      hosts(message.host) = member
      watch.joined(member)
      changed()
    }
  }

  /** A host has given its slot back, and answers for the nets that it leaves behind. */
  def departed(host: Long): Unit = synchronized {
    for (leaving <- hosts.get(host)) {
      remove(leaving, "slot given back")
      depart(leaving)
      changed()
    }
  }

  /** A host takes no orders any more, or its JVM does not answer.
    *
    * @param how
    *   in a word or two
    */
  def gone(host: Long, how: String = "ended"): Unit = synchronized {
    for (last <- remaining.values.find(_.id == host)) {
      remaining.remove(last.executor)
      notifyAll()
    }
    hosts.get(host).foreach { member =>
      remove(member, how)
      changed()
    }
  }

  private def remove(member: Member, how: String): Unit = {
    hosts.remove(member.id)
    watch.left(member, how)
  }

  def reported(message: Reported): Unit = synchronized {
    val from = hosts.get(message.host).orElse(remaining.values.find(_.id == message.host))
    for (host <- from if host.order.contains(message.order)) {
      host.order = None
      host.outcome = Some(message.outcome)
      host.seconds += message.seconds
      notifyAll()
    }
  }

  /** Ends what is running, if anything is, with a [[Cancelled]]. */
  def cancel(): Unit = synchronized {
    if (busy) {
      cancelled = true
      notifyAll()
    }
  }

  /** Runs what may be cancelled. */
  def working[T](body: => T): T = {
    synchronized { cancelled = false; busy = true }
    try body
    finally synchronized { cancelled = false; busy = false }
  }

  /** Hosts that wait for orders, by slot. */
  def idle: Seq[Member] = synchronized(hosts.values.filter(_.order.isEmpty).toSeq.sortBy(_.slot))

  /** Who takes orders for the nets of an executor in which there may be no host: the last one there was. */
  def departedFrom(executor: String): Option[Member] =
    synchronized(remaining.get(executor)).filter(_ => recruiter.isAlive(executor))

  /** All who may have published momentum. */
  def everyone: Seq[Member] = synchronized(idle ++ remaining.values)

  /** What their orders have taken hosts up to now, by id. */
  def seconds: Map[Long, Double] =
    synchronized(hosts.map { case (id, host) => id -> host.seconds }.toMap)

  /** Hosts that a round can begin with: all that the cluster has room for if they come in time, and at
    * least one. Once they have worked together nobody is waited for: who comes later joins then.
    */
  def assembled(): Seq[Member] = synchronized {
    recruiter.recruit()
    val begin = time.now
    def patient =
      formedAt.isEmpty && time.now - math.max(begin, changedAt) < math.min(waitSeconds, lateSeconds)
    await() {
      checkFailure()
      val ready = idle.length
      if (ready == 0) checkHope(begin)
      if (recruiter.asked == 0) recruiter.recruit() // a host that was told to leave has left late
      // Who has been told to stop does so after a step, and shall go on with its own workers.
      val stopping = hosts.values.exists(h => h.order.nonEmpty && time.now < h.stopsUntil)
      ready > 0 && (ready >= recruiter.asked || !(patient || stopping))
    }
    if (formedAt.isEmpty) formedAt = Some(time.now)
    idle
  }

  /** Whether others have waited for slots for as long as the crew may work undisturbed. */
  def shouldStepAside: Boolean =
    synchronized(formedAt.forall(time.now - _ > sliceSeconds)) && recruiter.othersWait

  /** Whether a host's executor is about to be taken away. */
  def isLeaving(host: Member): Boolean = recruiter.isLeaving(host.place.executor)

  /** Gives each host its order and waits until all have carried theirs out or are gone, or `until`, or
    * one comes to something after which the others need not go on.
    *
    * @return
    *   what became of the orders that were carried out; a host's failure is thrown
    */
  def carryOut(work: Seq[(Member, Work)], seconds: Double = Double.PositiveInfinity)(
      enough: Outcome => Boolean
  ): Seq[(Member, Outcome)] = synchronized {
    val asked =
      for ((host, what) <- work if isHost(host) || (what.ofMomentum && remains(host))) yield {
        orders += 1
        host.order = Some(orders)
        host.outcome = None
        host.send(Order(orders, what))
        host
      }
    val last = orders
    def unfinished = asked.filter(h => h.order.nonEmpty && (isHost(h) || remains(h)))
    var ended = true // in time
    try
      await(time.now + seconds) {
        val whole = unfinished.isEmpty
        ended = whole || asked.exists(_.outcome.exists(enough))
        ended
      }
    catch {
      case e: Cancelled =>
        ended = true
        throw e
    } finally
      unfinished.foreach { host =>
        host.send(Abandon(last))
        if (ended) host.stopsUntil = time.now + stopSeconds
      }
    val outcomes = for (host <- asked; outcome <- host.outcome) yield (host, outcome)
    outcomes.foreach {
      case (_, Failed(failure)) => throw new TrainingException(failure)
      case _                    => ()
    }
    outcomes.foreach {
      case (_, Broken(_, said))  => why = Some(said)
      case (host, Missing(what)) => why = Some(Failure.ofMissing(what, host.executor))
      case _                     => ()
    }
    outcomes.collectFirst { case (_, Missing(what)) => what } match {
      case Some(what) => settle(what)
      case None       =>
        val done = outcomes.filterNot(_._2.isInstanceOf[Broken])
        done.foreach { case (host, _) => failures.remove(host.slot) }
        if (done.nonEmpty) {
          losses = 0
          why = None
        }
    }
    outcomes
  }

  /** An order whose outcome nobody waits for. */
  def tell(host: Member, work: Work): Unit = synchronized {
    orders += 1
    host.send(Order(orders, work))
  }

  /** Throws if hosts have got lost too often without any that carried something out; it says what one of
    * them could not go on for, if one said so.
    */
  def checkLosses(): Unit = synchronized {
    losses += 1
    if (losses > retries && failures.isEmpty) {
      val times = losses
      losses = 0
      throw why.fold(
        new CaffeException(Status.STATE, s"all executors were lost $times times in a row")
      )(last => new TrainingException(last.copy(what = s"$times times in a row ${last.what}")))
    }
  }

  /** Sends one away for good. */
  def dismiss(host: Member): Unit = synchronized {
    Seq(Leave, Retire).foreach(host.send)
    gone(host.id, "sent away")
  }

  /** Sends all away; the last one of each executor still answers for its nets. */
  def dismiss(): Unit = {
    synchronized {
      for (host <- hosts.values.toSeq) {
        host.send(Leave)
        remove(host, "slot given back")
        depart(host)
      }
      formedAt = None
      changed()
    }
    recruiter.dismiss()
  }

  /** Sends all away for good. */
  def close(): Unit = {
    synchronized { closed = true }
    dismiss()
    synchronized {
      remaining.values.foreach(_.send(Retire))
      remaining.clear()
    }
  }

  private def depart(host: Member): Unit = {
    host.order = None
    remaining.put(host.executor, host).foreach(_.send(Retire))
  }

  private def isHost(member: Member) = hosts.get(member.id).exists(_ eq member)
  private def remains(member: Member) = remaining.get(member.executor).exists(_ eq member)

  /** When something could not be fetched, who had it is often found to be gone a moment later. */
  def settle(what: String): Unit = synchronized {
    missing = what
    val before = changes
    await(time.now + settleSeconds)(changes != before)
  }

  private def checkFailure(): Unit = recruiter.failure().foreach { case (slot, why) =>
    failures(slot) += 1
    if (failures(slot) > retries) {
      failures.clear()
      throw why
    }
    recruiter.recruit()
  }

  private def checkHope(begin: Double): Unit = {
    val (quiet, why) = recruiter.quiet
    val limit = hopeFactor * math.max(waitSeconds, 1)
    if (math.min(quiet, time.now - begin) > limit)
      throw new CaffeException(
        Status.STATE,
        f"no slot of the cluster has become free in $limit%.0f seconds: $why"
      )
  }

  private def changed(): Unit = {
    changes += 1
    changedAt = time.now
    notifyAll()
  }

  private def await(until: Double = Double.PositiveInfinity)(done: => Boolean): Unit =
    while (!done && time.now < until) {
      if (cancelled) throw new Cancelled
      val pause = if (meanwhile()) busySeconds else pollSeconds
      time.await(this, math.min(pause, until - time.now))
    }
}

/** What was running has been cancelled. */
final class Cancelled private[train]
    extends CaffeException(Status.STATE, "training was cancelled while it was running")

private[train] object Members {

  /** How often what could not be fetched is fetched again before that is an error. */
  val attempts = 10

  private val pollSeconds = 0.1

  /** The same where there are other things to do. */
  private val busySeconds = 0.01

  /** How long the others wait for hosts that come later than they. */
  private val lateSeconds = 3.0

  /** How long a crew works before it gives slots to others who wait. */
  private val sliceSeconds = 1.0
  private val settleSeconds = 1.0
  private val stopSeconds = 10.0
  private val hopeFactor = 10
}
