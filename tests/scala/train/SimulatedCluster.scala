package sparknet.train

import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicLong

import scala.collection.mutable

import org.apache.spark.sparknet.Place

import sparknet.data.{Augmentation, Identity, Labelling, Stock}
import sparknet.jna.WeightsLayout

/** Executors, tasks, messages and published memory, without Spark, in virtual time.
  *
  * A JVM has one [[WorkerNets]], and here all executors are in one: each has the number of a trainer of
  * its own instead. So this does not show what nets of several trainers do to each other.
  */
private[train] final class SimulatedCluster(
    plan: ClusterPlan,
    seed: Long,
    floats: Int,
    history: Int,
    val time: VirtualTime,
    stockOf: Int => Stock,
    testStockOf: Int => Stock
) extends Recruiter {
  val dice = new Dice(seed)
  private var members: Members = _
  private val firstTrainer = SimulatedCluster.trainers.getAndAdd(SimulatedCluster.most)
  private val trainers = (firstTrainer until firstTrainer + SimulatedCluster.most).toSet
  private var running: Option[Task] = None // whose code runs now
  private var nextHost = 0L
  private val jobs = mutable.LinkedHashMap.empty[Int, Job]
  private val failures = mutable.Queue.empty[(Int, Throwable)]
  private var changedAt = 0.0

  val executors = mutable.ArrayBuffer.empty[Executor]
  val tasks = mutable.ArrayBuffer.empty[Task]
  val published = mutable.Map.empty[(Place, String), ByteBuffer]

  /** Bytes that each place has fetched from others, and others from it. */
  val fetched = mutable.Map.empty[Place, Long].withDefaultValue(0L)
  val served = mutable.Map.empty[Place, Long].withDefaultValue(0L)

  /** Files with momentum that is put aside. */
  var spilled = 0

  /** Whether others of the application wait for slots. */
  var others = false

  /** Whether the driver can fetch nothing. */
  var unreachable = false

  /** What a host says that an order took it, in seconds. */
  var orderSeconds: Long => Double = (_: Long) => 0.0

  /** Is shown each message between the driver and a host when it is sent. */
  var onMessage: (Task, AnyRef) => Unit = (_, _) => ()

  val driver = new SimulatedMemory(this, plan, Place("driver", 1, "driver"), None)
  val model = new SimulatedModel(
    floats,
    history,
    new Doing {
      override def host: (Long, Int) = (running.get.id, running.get.executor.number)
      override def step(): Unit = running.foreach(_.sleep())
    }
  )

  (0 until plan.executors).foreach(_ => addExecutor())

  /** Tells where messages go. */
  def open(to: Members): Unit = members = to

  final class Executor(val number: Int) {
    val trainer: Long = firstTrainer + number
    val place: Place = Place(s"node${number % plan.machines}", 1, number.toString)
    val name = s"executor_$number"
    var alive = true
    var trusted = true // by Spark
    var taken = false // its slots, by others of the application
    var stoppedUntil = 0.0
    def tasks: Seq[Task] =
      SimulatedCluster.this.tasks.filter(t => t.executor == this && !t.ended).toSeq
    def departed: Seq[Task] =
      SimulatedCluster.this.tasks.filter(t => t.executor == this && t.departed).toSeq

    /** SIGSTOP. */
    def stop(seconds: Double): Unit = {
      time.note(s"executor $number stops for $seconds s")
      stoppedUntil = math.max(stoppedUntil, time.now + seconds)
    }

    /** SIGKILL. */
    def kill(): Unit = if (alive) {
      time.note(s"executor $number dies")
      alive = false
      changedAt = time.now
      for (key <- published.keys.filter(_._1 == place).toSeq) published.remove(key)
      val own = tasks
      (own ++ departed).foreach(_.lose())
      WorkerNets.close(trainer)
      own.foreach(task => jobs.values.find(_.task.contains(task)).foreach(_.lost()))
      time.later(dice.between(0.1, 10), dice.number())(addExecutor())
    }

    /** It does not answer, so that Spark gives it up, and goes on later until Spark ends it. */
    def disown(seconds: Double): Unit = if (alive) {
      time.note(s"executor $number is given up")
      stop(seconds)
      time.later(seconds / 2, dice.number()) {
        trusted = false
        departed.foreach(task => members.gone(task.id))
        for (task <- tasks) {
          members.gone(task.id)
          jobs.values.find(_.task.contains(task)).foreach(_.lost())
        }
      }
      time.later(seconds + dice.between(0, 3), dice.number())(kill())
    }
  }

  def addExecutor(): Unit = if (executors.length < SimulatedCluster.most) {
    executors += new Executor(executors.length)
    changedAt = time.now
  }

  def living: Seq[Executor] = executors.filter(_.alive).toSeq

  /** Messages one way between the driver and a host: in order, unless one comes again. */
  private final class Wire(host: Task, own: Dice, to: String, deliver: AnyRef => Unit) {
    private var last = 0.0
    var open = true

    def send(message: AnyRef, mayRepeat: Boolean): Unit = {
      onMessage(host, message)
      last = math.max(last + 1e-9, time.now + own.between(0, plan.slow))
      arrive(last - time.now, message)
      if (mayRepeat && own.chance(plan.duplicates))
        arrive(last - time.now + own.between(0, own.of(0.01, 1, 30)), message)
    }

    private def arrive(seconds: Double, message: AnyRef): Unit =
      time.later(seconds, own.number())(if (open) {
        time.note(s"-> $to: ${message.toString.take(300)}")
        deliver(message)
      })
  }

  /** A task of Spark's on which a host runs. */
  final class Task(val slot: Int, val executor: Executor) {
    val id: Long = nextHost
    nextHost += 1
    private val own = dice.apart(id)
    private val held = mutable.Queue.empty[AnyRef] // while its JVM is stopped
    private val inbox = mutable.Queue.empty[ToHost]
    private var abandoned = -1L
    private var waiting = false
    private var cancelled = false
    private var refused = false
    private val memory =
      new SimulatedMemory(SimulatedCluster.this, plan, executor.place, Some(this))
    private val strand = new Strand(run())
    private val toDriver = new Wire(
      this,
      own.apart(1),
      "driver",
      {
        case joined: Joined     => members.joined(joined, toHost.send(_, mayRepeat = true))
        case reported: Reported => members.reported(reported)
        case Departed(host)     => members.departed(host)
        case Gone(host)         => members.gone(host)
      }
    )
    private val toHost: Wire = new Wire(this, own.apart(2), s"host $id", receive)
    private var host = Option.empty[Host]
    var joined = false

    /** Whether it has ended, and tells of momentum. */
    var departed = false

    def ended: Boolean = strand.ended

    /** Whether the driver can count on it. */
    def present: Boolean =
      !ended && joined && executor.trusted && executor.stoppedUntil <= time.now

    time.note(s"host $id of slot $slot starts in executor ${executor.number}")
    tasks += this
    wake(own.between(0, plan.slow))

    /** Lets time pass; on its own thread. */
    def sleep(seconds: Double = own.between(0, plan.slow)): Unit = {
      wake(seconds)
      strand.pause()
      if (cancelled) throw new Strand.Killed
    }

    /** Ends it, as Spark does with a job that nobody wants. */
    def cancel(): Unit = {
      cancelled = true
      if (waiting) {
        waiting = false
        wake(0)
      }
    }

    /** Its JVM is gone. */
    def lose(): Unit = {
      toHost.open = false
      toDriver.open = false
      departed = false
      strand.kill()
      // If that is told late, the next one in the slot may be there before.
      val told = own.of(own.between(0, 0.2), own.between(0, 60), 300.0)
      time.later(told, own.number())(members.gone(id))
    }

    private def wake(seconds: Double): Unit = time.later(seconds, own.number()) {
      val stopped = executor.stoppedUntil - time.now
      if (stopped > 0) wake(stopped)
      else {
        val before = running
        running = Some(this)
        try strand.resume()
        finally running = before
      }
    }

    private def receive(message: AnyRef): Unit = {
      held.enqueue(message)
      if (held.length == 1) takeHeld()
    }

    private def takeHeld(): Unit = {
      val stopped = executor.stoppedUntil - time.now
      if (stopped > 0) time.later(stopped, own.number())(takeHeld())
      else
        while (held.nonEmpty) held.dequeue() match {
          case Abandon(upTo) => abandoned = math.max(abandoned, upTo)
          case other: ToHost =>
            if (departed) afterwards(other) else inbox.enqueue(other)
            if (
              plan.mortal && executors.length < SimulatedCluster.most / 2 && own.chance(plan.deadly)
            )
              time.later(own.between(0, 4 * plan.slow), own.number())(executor.kill())
            if (waiting) {
              waiting = false
              wake(0)
            }
        }
    }

    private def run(): Unit = {
      val layout = WeightsLayout(model.layout.entries)
      val supply = Some(Supply(Array(1), new Identity, Augmentation.none, 1000, 0, Labelling.plain))
      val hostPlan = HostPlan(
        executor.trainer,
        trainers,
        model,
        layout,
        SimulatedCluster.modelSeed,
        Room(plan.perExecutor, 0, 1, 1, 1, plan.held),
        plan.halves,
        supply,
        supply
      )
      val host = new Host(id, hostPlan, memory, stockOf, testStockOf, unwanted)
      this.host = Some(host)
      try {
        toDriver.send(Joined(id, slot, executor.name, executor.place), false)
        joined = true
        var staying = true
        while (staying) {
          if (inbox.isEmpty && !cancelled) {
            waiting = true
            strand.pause()
          }
          if (cancelled) throw new Strand.Killed
          if (inbox.nonEmpty) inbox.dequeue() match {
            case order: Order =>
              sleep()
              for (outcome <- host.handle(order)) {
                sleep()
                toDriver.send(
                  Reported(id, order.number, outcome, orderSeconds(id)),
                  mayRepeat = true
                )
              }
            case Refused =>
              refused = true
              throw new Strand.Killed
            case _ => staying = false
          }
        }
      } finally {
        host.close()
        if (refused) toDriver.send(Gone(id), mayRepeat = false)
        else if (toHost.open) {
          departed = true
          if (cancelled) toDriver.send(Departed(id), mayRepeat = false)
          while (inbox.nonEmpty) afterwards(inbox.dequeue())
        }
        // Its job ends with it, unless Spark is to try once more.
        if (toHost.open)
          for (job <- jobs.values.find(_.task.contains(this)))
            if (refused) job.again() else jobs.remove(job.slot)
      }
    }

    private def afterwards(message: ToHost): Unit = message match {
      case order: Order if order.work.ofMomentum =>
        for (outcome <- host.get.handle(order))
          toDriver.send(Reported(id, order.number, outcome, orderSeconds(id)), mayRepeat = true)
      case Retire | Refused =>
        host.get.forget()
        departed = false
      case _ => ()
    }

    private def unwanted(order: Long): Boolean = {
      if (cancelled) throw new Strand.Killed
      abandoned >= order
    }
  }

  /** The Spark job of a slot. */
  private final class Job(val slot: Int) {
    var task = Option.empty[Task]
    private var attempts = 0

    launch(plan.late * dice.of(0, dice.between(0, 0.2), dice.between(0, 1)))

    def lost(): Unit = {
      task = None
      if (attempts >= 4) fail("its executor was lost 4 times")
      else launch(dice.of(0.01, dice.between(0, 5)))
    }

    /** A task that was refused is none that failed. */
    def again(): Unit = {
      attempts -= 1
      lost()
    }

    def fail(why: String): Unit = {
      time.note(s"slot $slot fails: $why")
      jobs.remove(slot)
      task.foreach(_.cancel())
      failures.enqueue((slot, new SimulatedFailure(s"slot $slot: $why")))
    }

    private def launch(seconds: Double): Unit = time.later(seconds, dice.number()) {
      if (jobs.get(slot).contains(this)) {
        val room = living.filter(e => e.trusted && !e.taken && e.tasks.length < plan.perExecutor)
        if (room.isEmpty) launch(1)
        else {
          attempts += 1
          changedAt = time.now
          task = Some(new Task(slot, room(dice.upTo(room.length - 1))))
        }
      }
    }
  }

  override def recruit(): Unit =
    for (slot <- 0 until plan.slots if !jobs.contains(slot)) jobs(slot) = new Job(slot)

  override def asked: Int = jobs.size

  override def failure(): Option[(Int, Throwable)] =
    if (failures.isEmpty) None else Some(failures.dequeue())

  override def isAlive(executor: String): Boolean =
    living.exists(e => e.trusted && e.name == executor)

  override def othersWait: Boolean = others

  override def isLeaving(executor: String): Boolean = false

  override def quiet: (Double, String) = (time.now - changedAt, "simulated")

  override def dismiss(): Unit = {
    val until = time.now + 0.3
    while (jobs.nonEmpty && time.now < until) time.next(until)
    for (job <- jobs.values.toSeq) job.task.foreach(_.cancel())
    jobs.clear()
    failures.clear()
  }

  /** Has the task of a slot fail, in spite of all that Spark tried. */
  def failSome(): Unit = if (jobs.nonEmpty) {
    val all = jobs.values.toSeq
    all(dice.upTo(all.length - 1)).fail("storage does not answer")
  }

  /** Ends what is left, at once. */
  def close(): Unit = {
    tasks.filterNot(_.ended).foreach(_.lose())
    executors.foreach(e => WorkerNets.close(e.trainer))
  }
}

/** What Spark tells of a task that failed for good. */
private[train] final class SimulatedFailure(message: String) extends Exception(message)

private[train] object SimulatedCluster {
  val modelSeed = 7L

  /** Executors that a cluster has in the course of a schedule. */
  private val most = 500
  private val trainers = new AtomicLong(1L << 40)
}
