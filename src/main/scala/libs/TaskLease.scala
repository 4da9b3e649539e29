package libs

import java.util.concurrent.atomic.AtomicBoolean

import scala.annotation.tailrec
import scala.collection.mutable
import scala.util.Try

import org.apache.spark.{BarrierTaskContext, SparkEnv, TaskContext}
import org.slf4j.LoggerFactory
import sparknet.jna.{CaffeException, Status}

/** Keeps the calls together that a Spark task makes on a net which all tasks of a JVM share.
  *
  * The first call of a task takes the lease, and the end of the task, of whatever kind, gives it
  * back; other tasks wait in between. So do calls outside tasks in the driver's JVM. In executors
  * such calls come from threads of the tasks themselves and go ahead. Each call holds the owner's
  * monitor, so that blocks of `owner.synchronized` are kept together too.
  *
  * @param owner
  *   the net
  */
private[libs] final class TaskLease(owner: AnyRef) {
  // The monitor of object TaskLease guards these two.
  private var holder = Option.empty[TaskContext]
  private var started = false

  // The owner's monitor guards this.
  private var calling = false

  /** Makes a call when it is this thread's turn.
    *
    * @throws sparknet.jna.CaffeException
    *   STATE, if this task would wait for one that waits for it
    * @throws java.lang.InterruptedException
    *   if the thread is interrupted, or the task killed, while it waits
    */
  def apply[A](call: => A): A =
    if (!TaskLease.hasSpark) owner.synchronized(call)
    // Within a call, a callback's calls follow at once.
    else if (Thread.holdsLock(owner) && calling) call
    else inTurn(call)

  @tailrec
  private def inTurn[A](call: => A): A = {
    // What a task's listeners call when it has ended is no more than a call outside tasks.
    val task = Option(TaskContext.get()).filter(task => !task.isCompleted() || isHeldBy(task))
    task.fold(awaitNoTask())(reserve)
    val result = owner.synchronized {
      if (start(task)) Some(run(call)) else None
    }
    result match {
      case Some(value) => value
      case None        => inTurn(call)
    }
  }

  private def run[A](call: => A): A = {
    calling = true
    try call
    finally calling = false
  }

  /** A reservation keeps other tasks out. Calls outside tasks may still come before its first call,
    * else a block of theirs in `owner.synchronized` would be torn apart.
    */
  private def reserve(task: TaskContext): Unit =
    if (!isHeldBy(task)) {
      try
        while (!take(task)) {
          pause()
          if (task.isInterrupted())
            throw new InterruptedException("killed while it waited for another task's net")
        }
      finally TaskLease.stopWaiting(task)
      task.addTaskCompletionListener[Unit](_ => release(task))
      ()
    }

  private def take(task: TaskContext): Boolean = TaskLease.synchronized {
    if (holder.isEmpty) holder = Some(task) else TaskLease.startWaiting(task, this)
    isHeldBy(task)
  }

  @tailrec
  private def awaitNoTask(): Unit =
    if (!TaskLease.synchronized(isOpen(None))) {
      pause()
      awaitNoTask()
    }

  private def start(task: Option[TaskContext]): Boolean = TaskLease.synchronized {
    val open = isOpen(task)
    if (open && task.nonEmpty) started = true
    open
  }

  private def isOpen(task: Option[TaskContext]): Boolean = task match {
    case Some(one) => isHeldBy(one)
    case None      => !started || !TaskLease.isDriver
  }

  private def release(task: TaskContext): Unit = TaskLease.synchronized {
    if (isHeldBy(task)) {
      holder = None
      started = false
      TaskLease.notifyAll()
    }
  }

  /** Waits for a moment; without the owner's monitor, because the holder needs it. */
  private def pause(): Unit =
    if (Thread.holdsLock(owner)) owner.wait(TaskLease.pollMillis)
    else TaskLease.synchronized(TaskLease.wait(TaskLease.pollMillis))

  private def isHeldBy(task: TaskContext): Boolean =
    TaskLease.synchronized(holder.exists(_ eq task))
}

private object TaskLease {
  private val pollMillis = 50L
  private val remedy = "run one task per executor (spark.task.cpus = spark.executor.cores)"
  private val told = new AtomicBoolean

  /** Which lease a task waits for. */
  private val waiting = mutable.Map.empty[TaskContext, TaskLease]

  /** Nets are of use without Spark, too. */
  private val hasSpark = Try(Class.forName("org.apache.spark.TaskContext")).isSuccess

  private def isDriver: Boolean =
    Option(SparkEnv.get).forall(_.executorId == "driver")

  private def startWaiting(task: TaskContext, lease: TaskLease): Unit = synchronized {
    val chain = Iterator
      .iterate(lease.holder)(_.flatMap(waiting.get).flatMap(_.holder))
      .takeWhile(_.nonEmpty)
      .flatten
      .toList
    val holder = chain.head
    if (chain.exists(_ eq task))
      throw new CaffeException(
        Status.STATE,
        s"${name(task)} and ${name(holder)} each have a CaffeNet that the other one waits for: " +
          s"$remedy, or let all tasks use the nets in one order"
      )
    if (meetAtBarrier(task, holder))
      throw new CaffeException(
        Status.STATE,
        s"${name(task)} and ${name(holder)} of a barrier stage share a CaffeNet, but barrier tasks " +
          s"cannot take turns: $remedy"
      )
    waiting(task) = lease
    if (told.compareAndSet(false, true))
      LoggerFactory
        .getLogger(classOf[TaskLease])
        .warn(
          s"tasks of this executor share a CaffeNet and take turns; to use all executors, $remedy"
        )
  }

  private def stopWaiting(task: TaskContext): Unit = synchronized {
    waiting -= task
    ()
  }

  private def meetAtBarrier(a: TaskContext, b: TaskContext): Boolean =
    a.isInstanceOf[BarrierTaskContext] && b.isInstanceOf[BarrierTaskContext] &&
      a.stageId() == b.stageId()

  private def name(task: TaskContext): String =
    s"task ${task.partitionId()} of stage ${task.stageId()}"
}
