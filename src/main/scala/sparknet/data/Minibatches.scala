package sparknet.data

import java.nio.{ByteOrder, FloatBuffer}

import com.sun.jna.Memory

import sparknet.jna.{CaffeException, Counts, Status}

/** A minibatch as the engine takes it: items one after the other in native memory, and what comes with
  * each.
  */
final class Minibatch(batch: Int, itemSize: Int, labelling: Labelling) extends AutoCloseable {

  /** Of items with one label each. */
  def this(batch: Int, itemSize: Int) = this(batch, itemSize, Labelling.plain)

  val memory = new Memory(4L * Counts.product(Array(batch, itemSize), "a minibatch"))
  val values: FloatBuffer =
    memory.getByteBuffer(0, memory.size).order(ByteOrder.nativeOrder).asFloatBuffer
  val labels = new Array[Float](Counts.product(Array(batch, labelling.count), "labels"))

  /** Null if there are none. */
  val weights: Array[Float] = if (labelling.weighted) new Array[Float](batch) else null
  var size = 0

  /** Items that it took of the source, unusable ones among them. */
  var read = 0

  /** Deals the values of each item out to the first tops, those of its label to the next ones and its
    * weight to the last one, as far as the net takes them.
    */
  def copyTo(tops: Array[FloatBuffer]): Unit = {
    val dealt = new Deal(itemSize, labelling)
    // What a top takes of an item: the net's batch is all of the minibatch, or what there is of it.
    val sizes = Seq(size, batch).distinct
      .map(n => tops.map(_.remaining / math.max(1, n)))
      .find(sizes => dealt.of(sizes.toSeq).isRight)
      .getOrElse(
        throw new CaffeException(
          Status.SHAPE,
          s"items of $itemSize values with $labelling cannot be dealt out to tops of " +
            tops.map(_.remaining).mkString(", ")
        )
      )
    val labelTops = dealt.of(sizes.toSeq).toOption.get
    spread(values.duplicate(), itemSize, tops, sizes, 0 until labelTops.start)
    spread(FloatBuffer.wrap(labels), labelling.count, tops, sizes, labelTops)
    if (labelTops.end < tops.length) tops.last.put(weights, 0, size)
  }

  /** Copies what lies side by side for each item to tops of their own. */
  private def spread(
      from: FloatBuffer,
      width: Int,
      tops: Array[FloatBuffer],
      sizes: Array[Int],
      which: Range
  ): Unit = {
    var start = 0
    for (t <- which) {
      if (sizes(t) == width) {
        from.limit(size * width).position(0)
        tops(t).put(from)
      } else
        for (i <- 0 until size) {
          from.limit(i * width + start + sizes(t)).position(i * width + start)
          tops(t).put(from)
        }
      start += sizes(t)
    }
  }

  override def close(): Unit = memory.close()
}

/** Puts minibatches together: copies items, preprocesses, crops and mirrors them. Bytes become floats
  * in native code, unless a function of the user's comes between.
  *
  * @param items
  *   in the order in which the net sees them
  * @param shape
  *   extents of one of them
  * @param batch
  *   items in a minibatch; the last one is smaller if `items` ends within it
  * @param places
  *   null: crops are central
  * @param badItems
  *   is told of items that cannot be decoded; others take their place
  * @param labelling
  *   what comes with each item
  */
final class Minibatches(
    items: Iterator[Item],
    shape: Array[Int],
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    batch: Int,
    places: RandomPlaces = null,
    badItems: BadRecord => Unit = bad => throw new BadItem(bad),
    labelling: Labelling = Labelling.plain
) extends MinibatchSource {
  private val prepared = new Preparation(shape, preprocessing, augmentation, batch)
  private val length = prepared.length

  /** Number of values of an item as the net sees it. */
  val itemSize: Int = prepared.itemSize

  private lazy val item = new Array[Float](length)
  private val placed = new Array[Int](3 * batch)

  override def newMinibatch(): Minibatch = new Minibatch(batch, itemSize, labelling)

  override def next(into: Minibatch): Unit = {
    into.size = 0
    val values = into.values.duplicate()
    var native = 0 // bytes that wait to be converted: the last so many items
    var bad = 0
    while (into.size < batch && items.hasNext) {
      val next = items.next()
      try {
        if (next.block.floats == null && prepared.takesBytes) {
          next.block.withBytes(next.index)((from, start) =>
            prepared.bytes.write(native.toLong * length, from, start, length)
          )
          native += 1
        } else if (next.block.floats != null && prepared.asTheyAre) {
          convert(into, native)
          native = 0
          values.position(into.size * itemSize)
          values.put(next.block.floats, next.index * length, length)
        } else {
          next.block.copyItem(next.index, item)
          convert(into, native)
          native = 0
        }
        place(into.size)
        if (native == 0 && !(prepared.asTheyAre && next.block.floats != null)) preprocess(into)
        next.copyLabel(into, into.size)
        into.size += 1
      } catch {
        case e: BadItem =>
          badItems(e.record)
          bad += 1
          if (places != null) places.next() // so that they depend on the place in the source alone
          if (bad > Minibatches.badInSuccession) throw e
      }
    }
    convert(into, native)
    into.read = into.size + bad
  }

  private def place(i: Int): Unit = {
    val random = if (places == null) null else places.next()
    val (top, left, mirror) = augmentation.place(prepared.source, random)
    placed(3 * i) = top
    placed(3 * i + 1) = left
    placed(3 * i + 2) = mirror
  }

  /** From bytes to the floats of the last `count` items of the minibatch. */
  private def convert(into: Minibatch, count: Int): Unit = if (count > 0) {
    val first = into.size - count
    val at = into.memory.share(4L * first * itemSize)
    prepared.convert(count, placed.slice(3 * first, 3 * into.size), at)
  }

  private def preprocess(into: Minibatch): Unit = {
    val at = 3 * into.size
    val values = into.values.duplicate()
    values.position(into.size * itemSize)
    values.put(prepared.seen(item, placed(at), placed(at + 1), placed(at + 2) == 1))
    ()
  }

  /** Frees native memory. */
  override def close(): Unit = prepared.close()
}

private object Minibatches {

  /** So many bad items for one minibatch mean that hardly any can be read. */
  private val badInSuccession = 1000
}
