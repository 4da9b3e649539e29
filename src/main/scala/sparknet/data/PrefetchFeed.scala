package sparknet.data

import java.nio.FloatBuffer
import java.util.concurrent.atomic.{AtomicBoolean, AtomicInteger}
import java.util.concurrent.{ArrayBlockingQueue, TimeUnit}

import sparknet.jna.{CaffeException, Feed, Status}

/** Where minibatches come from. One thread at a time. */
trait MinibatchSource extends AutoCloseable {
  def newMinibatch(): Minibatch

  /** Fills `into` with the next minibatch; its size is 0 when there is none. */
  def next(into: Minibatch): Unit
}

/** Feeds a net with minibatches that a thread of its own puts together ahead, so that the next one is
  * ready when the engine asks. Two minibatches take turns.
  *
  * @param onThread
  *   is called first on that thread
  * @param stopped
  *   whether nobody wants the next minibatch any more, asked again and again by who waits for it; may
  *   throw what ends the wait
  */
final class PrefetchFeed(
    source: MinibatchSource,
    onThread: Runnable = () => (),
    stopped: () => Boolean = () => false
) extends Feed
    with AutoCloseable {
  import PrefetchFeed._

  private val both = Seq.fill(2)(source.newMinibatch())
  private val free = new ArrayBlockingQueue[Minibatch](2)
  private val ready = new ArrayBlockingQueue[Either[Throwable, Minibatch]](3)
  private var head = Option.empty[Either[Throwable, Minibatch]]
  private var used = 0L
  private var waited = 0L // nanoseconds
  private val closed = new AtomicBoolean
  private val done = new AtomicInteger // of the thread and its owner: who is last frees the memory

  private val thread = new Thread(() => run(), "sparknet-feed")
  thread.setDaemon(true)
  both.foreach(free.put)
  thread.start()

  /** Items of the source in the minibatches that were gone through, unusable ones among them. */
  def taken: Long = used

  /** Whether something went wrong with one of the minibatches that are ready or current. */
  def hasFailed: Boolean = head.exists(_.isLeft) || ready.stream.anyMatch(_.isLeft)

  /** For how long so far minibatches were not ready when they were asked for. */
  def waitedSeconds: Double = waited / 1e9

  /** The next minibatch, until [[advance]]; of size 0 when there are no more. Waits until it is ready,
    * and throws what went wrong with it, or a [[WaitEnded]] once nobody wants it any more: data may be
    * read from where nothing ever answers.
    */
  def current(): Minibatch = {
    if (head.isEmpty) head = Option(ready.poll())
    if (head.isEmpty) await()
    head.get.fold(thrown => throw thrown, identity)
  }

  private def await(): Unit = {
    val begin = System.nanoTime
    try
      while (head.isEmpty) {
        head = Option(ready.poll(pollMillis, TimeUnit.MILLISECONDS))
        if (head.isEmpty && stopped()) throw new WaitEnded
      }
    finally waited += System.nanoTime - begin
  }

  /** Goes on to the minibatch after the current one; the end stays the end. */
  def advance(): Unit =
    for (Right(minibatch) <- head if minibatch.size > 0) {
      head = None
      used += minibatch.read
      free.put(minibatch)
    }

  override def fill(tops: Array[FloatBuffer]): Unit = {
    if (current().size == 0) throw new CaffeException(Status.STATE, "there are no more minibatches")
    current().copyTo(tops)
    advance()
  }

  /** Stops the thread and frees the minibatches. A thread that does not stop, for what it reads does not
    * answer and cannot be interrupted, is left behind: it frees them when it ends.
    *
    * @return
    *   whether it has stopped
    */
  def stop(): Boolean = {
    if (closed.compareAndSet(false, true)) {
      thread.interrupt()
      try thread.join(patienceMillis)
      finally freeIfLast()
    }
    !thread.isAlive
  }

  override def close(): Unit = {
    stop()
    ()
  }

  private def run(): Unit =
    try {
      onThread.run()
      var more = true
      while (more && !closed.get) {
        val minibatch = free.take()
        source.next(minibatch)
        more = minibatch.size > 0
        ready.put(Right(minibatch))
      }
    } catch {
      case _: InterruptedException => // closed
      case thrown: Throwable       => ready.offer(Left(thrown))
    } finally freeIfLast()

  private def freeIfLast(): Unit = if (done.incrementAndGet() == 2) {
    both.foreach(_.close())
    source.close()
  }
}

object PrefetchFeed {
  private val pollMillis = 100L

  /** How long a thread that is to stop may take to. */
  private val patienceMillis = 1000L

  /** Nobody wants any more what was waited for. */
  final class WaitEnded extends RuntimeException("nobody waits for the next minibatch any more")

  /** Whether this is, or came of, a [[WaitEnded]]: the engine has causes of its own around it. */
  def isWaitEnded(thrown: Throwable): Boolean =
    Iterator.iterate(thrown)(_.getCause).take(depth).takeWhile(_ != null).exists {
      case _: WaitEnded => true
      case _            => false
    }

  private val depth = 20 // causes may form a ring
}
