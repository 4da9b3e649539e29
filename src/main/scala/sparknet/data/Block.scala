package sparknet.data

import java.nio.charset.StandardCharsets
import java.nio.{ByteBuffer, ByteOrder}

import sparknet.jna.{CaffeException, Counts, Status}

/** Labelled items of one shape, packed: a part of a partition of a [[Dataset]]. They are bytes,
  * floats, or encoded images that become bytes when they are asked for.
  *
  * @param shape
  *   extents of one item, for images channels, height, width
  * @param labels
  *   those of the items one after the other, `labelCount` values each
  * @param labelCount
  *   1 for classes and other single numbers, more for vectors, 0 where there are no labels
  * @param weights
  *   how much each item counts in a loss; null: all the same
  * @param bytes
  *   the items one after the other, each row-major, values 0..255; null if they are something else
  * @param floats
  *   the same as floats, or null
  * @param encoded
  *   the same as encoded images, or null; each becomes one of `shape`, which is 3 x height x width
  * @param fault
  *   what makes the whole data set unusable
  * @param leftOut
  *   records of the source that could not be used and are not among the items
  */
final class Block private (
    val shape: Array[Int],
    val labels: Array[Float],
    val labelCount: Int,
    val weights: Array[Float],
    val bytes: Array[Byte],
    val floats: Array[Float],
    val encoded: Encoded,
    private[data] val fault: Option[Fault],
    private[data] val leftOut: BadRecords
) extends Serializable {
  require(
    Seq(bytes, floats, encoded).count(_ != null) == 1,
    "a block holds bytes, floats or encoded images"
  )

  def this(shape: Array[Int], labels: Array[Float], bytes: Array[Byte], floats: Array[Float]) =
    this(shape, labels, 1, null, bytes, floats, null, None, BadRecords.empty)

  /** Of items with `labelCount` label values each, and weights unless they are null. */
  def this(
      shape: Array[Int],
      labels: Array[Float],
      labelCount: Int,
      weights: Array[Float],
      bytes: Array[Byte],
      floats: Array[Float]
  ) = this(shape, labels, labelCount, weights, bytes, floats, null, None, BadRecords.empty)

  /** Number of items. */
  val size: Int =
    if (labelCount > 0) labels.length / labelCount
    else if (encoded != null) encoded.size
    else values / itemSize

  /** What comes with each item. */
  def labelling: Labelling = Labelling(labelCount, weights != null)

  /** Number of values of one item. */
  def itemSize: Int = Block.product(shape)

  /** Memory that the items take. */
  private[data] def byteCount: Long =
    if (floats != null) 4L * floats.length
    else (if (bytes != null) bytes else encoded.content).length.toLong

  if (encoded == null && size.toLong * itemSize != values)
    throw new CaffeException(
      Status.SHAPE,
      s"$values values are not $size items of ${shape.mkString("x")}"
    )
  if (labels.length != size.toLong * labelCount || (weights != null && weights.length != size))
    throw new CaffeException(
      Status.SHAPE,
      s"$size items with $labelCount label values each have ${labels.length} of them" +
        (if (weights == null) "" else s", and ${weights.length} weights")
    )

  /** Copies item `i` into `into`, bytes as 0..255. */
  def copyItem(i: Int, into: Array[Float]): Unit = {
    val length = itemSize
    if (floats != null) System.arraycopy(floats, i * length, into, 0, length)
    else
      withBytes(i) { (source, start) =>
        var j = 0
        while (j < length) {
          into(j) = (source(start + j) & 0xff).toFloat
          j += 1
        }
      }
  }

  /** Hands over an array in which the bytes of item `i` lie, and where they start. Not for floats. */
  private[data] def withBytes(i: Int)(use: (Array[Byte], Int) => Unit): Unit =
    if (bytes != null) use(bytes, i * itemSize)
    else
      encoded.planes(i, shape(1), shape(2)) match {
        case Right(planes) => use(planes, 0)
        case Left(bad)     => throw new BadItem(bad)
      }

  /** The items whose index plus `offset`, modulo `parts`, is 0, 1, ... parts-1. */
  private[data] def deal(parts: Int, offset: Int): IndexedSeq[Block] =
    (0 until parts).map { part =>
      val picked = pick(Array.range(Math.floorMod(part - offset, parts), size, parts))
      // A fault is in every part: whoever looks at one must see it. The rest is counted once.
      picked.noting(fault, if (part == 0) leftOut else BadRecords.empty)
    }

  private[data] def noting(fault: Option[Fault], leftOut: BadRecords): Block =
    new Block(shape, labels, labelCount, weights, bytes, floats, encoded, fault, leftOut)

  private def pick(indices: Array[Int]): Block = {
    def gather[A <: AnyRef](from: A, length: Int)(into: Int => A): A =
      if (from == null) from
      else {
        val picked = into(Counts.product(Array(indices.length, length), "a block"))
        for (k <- indices.indices)
          System.arraycopy(from, indices(k) * length, picked, k * length, length)
        picked
      }
    new Block(
      shape,
      gather(labels, labelCount)(new Array[Float](_)),
      labelCount,
      gather(weights, 1)(new Array[Float](_)),
      gather(bytes, itemSize)(new Array[Byte](_)),
      gather(floats, itemSize)(new Array[Float](_)),
      if (encoded == null) null else encoded.pick(indices),
      None,
      BadRecords.empty
    )
  }

  private def values: Int = if (bytes != null) bytes.length else floats.length
}

object Block {
  private val headerBytes = 8
  private val uint8 = 0
  private val float32 = 1
  private val failed = 2

  /** Of encoded images that become items of `shape`, 3 x height x width. */
  def ofImages(shape: Array[Int], labels: Array[Float], images: Encoded): Block = {
    require(shape.length == 3 && shape(0) == 3, s"images of ${shape.mkString("x")}")
    require(labels.length == images.size, s"${labels.length} labels of ${images.size} images")
    new Block(shape, labels, 1, null, null, null, images, None, BadRecords.empty)
  }

  /** Stands for a record that cannot be used. A task that threw would be run again and again;
    * this way the driver learns what is wrong and says it once.
    */
  private[data] def faulty(shape: Array[Int], fault: Fault): Block =
    empty(shape).noting(Some(fault), BadRecords.empty)

  private[data] def empty(shape: Array[Int]): Block =
    new Block(shape, Array.empty, Array.empty, null)

  private[sparknet] def product(shape: Array[Int]): Int = Counts.product(shape, "an item")

  /** The items of a block as [[unpack]] reads them: with one label each and no weights. */
  def pack(block: Block): Array[Byte] = {
    Labelling.plain.differs(block).foreach { _ =>
      throw new CaffeException(
        Status.UNSUPPORTED,
        s"items are packed with one label value each, and these come with ${block.labelling}"
      )
    }
    val raw = block.floats == null
    val width = if (raw) 1 else 4
    val length =
      headerBytes + block.size * (4L + width.toLong * block.itemSize)
    val out = ByteBuffer
      .allocate(Counts.toInt(length, "the size of a packed block"))
      .order(ByteOrder.LITTLE_ENDIAN)
    out.putInt(block.size).putInt(if (raw) uint8 else float32)
    block.labels.foreach(out.putFloat(_))
    if (raw)
      for (i <- 0 until block.size)
        block.withBytes(i)((source, start) => { out.put(source, start, block.itemSize); () })
    else out.asFloatBuffer.put(block.floats)
    out.array
  }

  /** Reads packed items, little-endian: int32 number of items n, int32 type (0 = uint8, 1 =
    * float32), n float32 labels, then the items one after the other, each of `shape`, row-major. Type
    * 2 is what came of a function that failed: n bytes of text, the name of a status, ": " and why.
    */
  def unpack(packed: Array[Byte], shape: Array[Int]): Block = {
    def wrong(why: String) = throw new CaffeException(Status.SHAPE, s"packed items: $why")
    val in = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN)
    if (packed.length < headerBytes) wrong(s"${packed.length} bytes have no room for a header")
    val n = in.getInt()
    val kind = in.getInt()
    if (kind == failed) return faulty(shape, faultIn(packed))
    val width = kind match {
      case `uint8`   => 1
      case `float32` => 4
      case other     => wrong(s"type $other is neither 0 (uint8) nor 1 (float32)")
    }
    val expected = headerBytes + n * (4L + width.toLong * product(shape))
    if (n < 0 || expected != packed.length)
      wrong(
        s"$n items of ${shape.mkString("x")} take $expected bytes with header and labels, " +
          s"not ${packed.length}"
      )
    val labels = new Array[Float](n)
    in.asFloatBuffer.get(labels)
    in.position(headerBytes + 4 * n)
    if (width == 1) {
      val bytes = new Array[Byte](in.remaining)
      in.get(bytes)
      new Block(shape, labels, bytes, null)
    } else {
      val floats = new Array[Float](in.remaining / 4)
      in.asFloatBuffer.get(floats)
      new Block(shape, labels, null, floats)
    }
  }

  private def faultIn(packed: Array[Byte]): Fault = {
    val text = new String(packed.drop(headerBytes), StandardCharsets.UTF_8)
    val code = text.takeWhile(_ != ':')
    val status = Status.values.find(_.name == code).getOrElse(Status.INTERNAL)
    Fault(status, text.drop(code.length + 2))
  }
}
