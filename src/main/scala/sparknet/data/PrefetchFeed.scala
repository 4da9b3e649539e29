package sparknet.data

import java.nio.FloatBuffer
import java.util.concurrent.ArrayBlockingQueue

import sparknet.jna.{CaffeException, Feed, Status}

/** Feeds a net with minibatches that a thread of its own puts together ahead, so that the next one is
  * ready when the engine asks. Two minibatches take turns.
  */
final class PrefetchFeed(minibatches: Minibatches) extends Feed with AutoCloseable {
  private val free = new ArrayBlockingQueue[Minibatch](2)
  private val ready = new ArrayBlockingQueue[Either[Throwable, Minibatch]](3)

  private val thread = new Thread(() => run(), "sparknet-feed")
  thread.setDaemon(true)
  free.put(minibatches.newMinibatch())
  free.put(minibatches.newMinibatch())
  thread.start()

  override def fill(tops: Array[FloatBuffer]): Unit = ready.take() match {
    case Right(minibatch) if minibatch.size > 0 =>
      minibatch.copyTo(tops)
      free.put(minibatch)
    case Right(end) =>
      ready.put(Right(end))
      throw new CaffeException(Status.STATE, "there are no more minibatches")
    case Left(thrown) =>
      ready.put(Left(thrown))
      throw thrown
  }

  /** Stops the thread. */
  override def close(): Unit = {
    thread.interrupt()
    thread.join()
  }

  private def run(): Unit =
    try {
      var more = true
      while (more) {
        val minibatch = free.take()
        minibatches.next(minibatch)
        more = minibatch.size > 0
        ready.put(Right(minibatch))
      }
    } catch {
      case _: InterruptedException => // closed
      case thrown: Throwable       => ready.offer(Left(thrown))
    }
}
