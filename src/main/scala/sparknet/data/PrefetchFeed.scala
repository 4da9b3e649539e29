package sparknet.data

import java.nio.FloatBuffer
import java.util.concurrent.ArrayBlockingQueue

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
  */
final class PrefetchFeed(source: MinibatchSource, onThread: Runnable = () => ())
    extends Feed
    with AutoCloseable {
  private val both = Seq.fill(2)(source.newMinibatch())
  private val free = new ArrayBlockingQueue[Minibatch](2)
  private val ready = new ArrayBlockingQueue[Either[Throwable, Minibatch]](3)
  private var head = Option.empty[Either[Throwable, Minibatch]]
  private var used = 0L

  private val thread = new Thread(() => run(), "sparknet-feed")
  thread.setDaemon(true)
  both.foreach(free.put)
  thread.start()

  /** Items of the source in the minibatches that were gone through, unusable ones among them. */
  def taken: Long = used

  /** The next minibatch, until [[advance]]; of size 0 when there are no more. Waits until it is ready,
    * and throws what went wrong with it.
    */
  def current(): Minibatch = {
    if (head.isEmpty) head = Some(ready.take())
    head.get.fold(thrown => throw thrown, identity)
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

  /** Stops the thread and frees the minibatches. */
  override def close(): Unit = {
    thread.interrupt()
    thread.join()
    both.foreach(_.close())
    source.close()
  }

  private def run(): Unit =
    try {
      onThread.run()
      var more = true
      while (more) {
        val minibatch = free.take()
        source.next(minibatch)
        more = minibatch.size > 0
        ready.put(Right(minibatch))
      }
    } catch {
      case _: InterruptedException => // closed
      case thrown: Throwable       => ready.offer(Left(thrown))
    }
}
