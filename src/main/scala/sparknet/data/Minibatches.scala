package sparknet.data

import java.nio.FloatBuffer

/** A minibatch as the engine takes it: items one after the other, and one label each. */
final class Minibatch(batch: Int, itemSize: Int) {
  val data = new Array[Float](Math.multiplyExact(batch, itemSize))
  val labels = new Array[Float](batch)
  var size = 0

  /** Copies the items into the first top and the labels, if the net takes any, into the second. */
  def copyTo(tops: Array[FloatBuffer]): Unit = {
    tops(0).put(data, 0, size * itemSize)
    if (tops.length > 1) tops(1).put(labels, 0, size)
  }
}

/** Puts minibatches together: copies items, converts them to float and preprocesses them.
  *
  * @param order
  *   indices of items, in the order in which the net sees them
  * @param batch
  *   items in a minibatch; the last one is smaller if `order` ends within it
  */
final class Minibatches(
    items: Items,
    order: Iterator[Int],
    preprocessing: Preprocessing,
    batch: Int,
    itemSize: Int
) {
  private val item = new Array[Float](itemSize)

  def newMinibatch(): Minibatch = new Minibatch(batch, itemSize)

  /** Fills `into` with the next minibatch; its size is 0 when there is none. */
  def next(into: Minibatch): Unit = {
    into.size = 0
    while (into.size < batch && order.hasNext) {
      val i = order.next()
      items.copyItem(i, item)
      preprocessing(item)
      System.arraycopy(item, 0, into.data, into.size * itemSize, itemSize)
      into.labels(into.size) = items.label(i)
      into.size += 1
    }
  }
}
