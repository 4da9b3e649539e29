package sparknet.train

import java.util.SplittableRandom
import java.util.concurrent.{Executors => ThreadPools, Semaphore, ThreadFactory}

import scala.collection.mutable
import scala.util.control.ControlThrowable

/** Random choices that depend on a seed alone. */
private[train] final class Dice(seed: Long) {
  private val random = new SplittableRandom(seed)

  def chance(share: Double): Boolean = random.nextDouble() < share
  def between(least: Double, most: Double): Double = least + (most - least) * random.nextDouble()
  def upTo(most: Int): Int = random.nextInt(most + 1)
  def of[T](some: T*): T = some(random.nextInt(some.length))
  def number(): Long = random.nextLong()

  /** Others, which do not depend on what these have shown so far. */
  def apart(key: Long): Dice = new Dice(new SplittableRandom(seed * 31 + key).nextLong())
}

/** Nothing more can happen, or far too much does. */
private[train] final class Hang(message: String) extends Error(message)

/** A clock that is moved by whoever waits: it lets one event after the other happen, on his thread.
  *
  * @param limit
  *   seconds after which whoever still waits hangs
  * @param most
  *   events after which he does
  */
private[train] final class VirtualTime(limit: Double, most: Int) extends Time {
  private final class Event(val at: Double, val tie: Long, val happen: () => Unit)
  private val queue = mutable.PriorityQueue.empty[Event](
    Ordering.fromLessThan((a, b) => a.at > b.at || (a.at == b.at && a.tie > b.tie))
  )
  private var clock = 0.0
  private var happened = 0

  /** Differs where other things have happened, or at other times. */
  var trace = 0L

  /** Tells what happens, to whoever looks at a single schedule. */
  var tells = false
  def note(what: => String): Unit = if (tells) println(f"$clock%10.4f $what")

  override def now: Double = clock
  def events: Int = happened

  override def await(lock: AnyRef, seconds: Double): Unit = next(clock + seconds)

  /** Has something happen later; of what is to happen at the same time the lower tie comes first. */
  def later(seconds: Double, tie: Long)(happen: => Unit): Unit =
    queue.enqueue(new Event(clock + seconds, tie, () => happen))

  /** Lets the next event happen, or time pass up to `until` if none comes before. */
  def next(until: Double): Unit =
    if (queue.headOption.exists(_.at <= until)) {
      val event = queue.dequeue()
      clock = math.max(clock, event.at)
      happened += 1
      trace = trace * 31 + java.lang.Double.doubleToLongBits(event.at)
      if (happened > most || clock > limit)
        throw new Hang(s"$happened events in $clock seconds, and no end")
      event.happen()
    } else {
      clock = math.max(clock, until)
      if (clock > limit) throw new Hang(s"nothing happens any more after $clock seconds")
    }

  /** Lets everything happen that does within some time. */
  def pass(seconds: Double): Unit = {
    val until = clock + seconds
    while (clock < until) next(until)
  }
}

/** Something that is done bit by bit: on a thread of its own, which runs only while [[resume]] waits
  * for it, so that at any time just one thread does.
  */
private[train] final class Strand(body: => Unit) {
  private val go = new Semaphore(0)
  private val back = new Semaphore(0)
  private var started = false
  private var killed = false
  private var thrown = Option.empty[Throwable]
  @volatile var ended = false

  /** Goes on until it pauses the next time, or ends. */
  def resume(): Unit = if (!ended) {
    if (started) go.release()
    else {
      started = true
      Strand.threads.execute(() => run())
    }
    back.acquireUninterruptibly()
    thrown.foreach(throw _)
  }

  /** Called by what is done. */
  def pause(): Unit = {
    if (!killed) {
      back.release()
      go.acquireUninterruptibly()
    }
    if (killed) throw new Strand.Killed
  }

  /** Ends it where it pauses. */
  def kill(): Unit = if (!ended) {
    killed = true
    if (started) resume() else ended = true
  }

  private def run(): Unit = {
    try body
    catch {
      case _: Strand.Killed => ()
      case e: Throwable     => thrown = Some(e)
    }
    ended = true
    back.release()
  }
}

private[train] object Strand {
  final class Killed extends ControlThrowable

  private val threads = ThreadPools.newCachedThreadPool(new ThreadFactory {
    override def newThread(task: Runnable): Thread = {
      val thread = new Thread(task, "simulated-host")
      thread.setDaemon(true)
      thread
    }
  })
}
