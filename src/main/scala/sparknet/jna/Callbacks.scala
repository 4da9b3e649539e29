package sparknet.jna

import java.nio.ByteOrder

import scala.collection.mutable

import com.sun.jna.{Callback, Pointer}

/** The callbacks of one net: kept from the garbage collector, their exceptions kept for the caller.
  *
  * JNA would swallow what a callback throws and hand zero, success, to the engine.
  */
private[jna] final class Callbacks(thrown: Callbacks.Thrown) {
  private val feed = mutable.Set.empty[Callback]
  private val ofLayer = mutable.Map.empty[Int, Callback]

  /** Runs a native call in which the callbacks may be called, and throws what went wrong there. */
  def during(handle: Handle)(nativeCall: Pointer => Int): Unit = {
    handle.call { pointer =>
      thrown.last = null
      val status = nativeCall(pointer)
      val cause = thrown.last
      thrown.last = null
      Check.ok(status, cause)
      Status.OK.code
    }
    ()
  }

  def keepFeed(callback: Option[CCaffe.FeedCallback]): Unit = {
    feed.clear()
    feed ++= callback
  }

  def keepData(layer: Int, callback: Option[CCaffe.DataCallback]): Unit =
    callback.fold(ofLayer -= layer)(c => ofLayer += layer -> c)

  def of(feed: Feed): CCaffe.FeedCallback =
    (_: Pointer, numTops: Int, tops: Pointer, counts: Pointer) =>
      guarded(feed.fill(Array.tabulate(numTops) { i =>
        val bytes = Math.multiplyExact(counts.getLong(8L * i), 4L)
        tops.getPointer(8L * i).getByteBuffer(0, bytes).order(ByteOrder.nativeOrder).asFloatBuffer
      }))

  def of(fill: DataFill): CCaffe.DataCallback =
    (_: Pointer, data: Pointer, batch: Int, numDims: Int, shape: Pointer) =>
      guarded(fill.fill(data, batch, numDims, shape))

  private def guarded(body: => Unit): Int =
    try {
      body
      0
    } catch {
      case t: Throwable =>
        thrown.last = t
        1
    }
}

private[jna] object Callbacks {

  /** What a callback threw last; shared by the nets of a solver, any of which a call may run. */
  final class Thrown {
    var last: Throwable = _
  }
}
