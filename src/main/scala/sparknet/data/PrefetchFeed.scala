package sparknet.data

import java.nio.FloatBuffer
import java.util.concurrent.ArrayBlockingQueue

import org.apache.spark.TaskContext

import sparknet.jna.{CaffeException, Feed, Status}

/** Feeds a net with minibatches that a thread of its own puts together ahead, so that the next one is
  * ready when the engine asks. Two minibatches take turns.
  */
final class PrefetchFeed(minibatches: Minibatches) extends Feed with AutoCloseable {
  private val both = Seq.fill(2)(minibatches.newMinibatch())
  private val free = new ArrayBlockingQueue[Minibatch](2)
  private val ready = new ArrayBlockingQueue[Either[Throwable, Minibatch]](3)

  private val task = TaskContext.get
  private val thread = new Thread(() => run(), "sparknet-feed")
  thread.setDaemon(true)
  both.foreach(free.put)
  thread.start()

  private var head = Option.empty[Either[Throwable, Minibatch]]

  /** Number of items in the next minibatch; 0 when there are no more. Waits until it is ready. */
  def nextSize(): Int = peek() match {
    case Right(minibatch) => minibatch.size
    case Left(thrown)     => throw thrown
  }

  override def fill(tops: Array[FloatBuffer]): Unit = {
    if (nextSize() == 0) throw new CaffeException(Status.STATE, "there are no more minibatches")
    for (minibatch <- peek()) {
      minibatch.copyTo(tops)
      head = None
      free.put(minibatch)
    }
  }

  /** The next minibatch, which stays the next one; so does the end, and what was thrown. */
  private def peek(): Either[Throwable, Minibatch] = {
    if (head.isEmpty) head = Some(ready.take())
    head.get
  }

  /** Stops the thread and frees the minibatches. */
  override def close(): Unit = {
    thread.interrupt()
    thread.join()
    both.foreach(_.close())
    minibatches.close()
  }

  private def run(): Unit =
    try {
      if (task != null) TaskThread.join(task) // it may read what Spark keeps or computes
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
