package sparknet.data

import java.io.{ObjectInputStream, ObjectOutputStream}
import java.nio.{ByteBuffer, ByteOrder}

import sparknet.io.PackedFloats
import sparknet.jna.{CaffeException, Status}

/** Labelled items of one shape, packed: a part of a partition of a [[Dataset]].
  *
  * @param shape
  *   extents of one item, for images channels, height, width
  * @param labels
  *   one per item
  * @param bytes
  *   the items one after the other, each row-major, values 0..255; null if they are floats
  * @param floats
  *   the same as floats; null if they are bytes
  */
final class Block(
    val shape: Array[Int],
    @transient private var labelValues: Array[Float],
    val bytes: Array[Byte],
    @transient private var floatValues: Array[Float],
    private[data] val fault: Option[String]
) extends Serializable {
  require((bytes == null) != (floatValues == null), "a block holds bytes or floats")

  def this(shape: Array[Int], labels: Array[Float], bytes: Array[Byte], floats: Array[Float]) =
    this(shape, labels, bytes, floats, None)

  def labels: Array[Float] = labelValues
  def floats: Array[Float] = floatValues

  /** Number of items. */
  def size: Int = labelValues.length

  /** Number of values of one item. */
  def itemSize: Int = Block.product(shape)

  if (size.toLong * itemSize != (if (bytes != null) bytes.length else floatValues.length))
    throw new CaffeException(
      Status.SHAPE,
      s"${if (bytes != null) bytes.length else floatValues.length} values are not $size items " +
        s"of ${shape.mkString("x")}"
    )

  /** Copies item `i` into `into`, bytes as 0..255. */
  def copyItem(i: Int, into: Array[Float]): Unit = {
    val length = itemSize
    val start = i * length
    if (floats != null) System.arraycopy(floats, start, into, 0, length)
    else {
      var j = 0
      while (j < length) {
        into(j) = (bytes(start + j) & 0xff).toFloat
        j += 1
      }
    }
  }

  /** The items whose index plus `offset`, modulo `parts`, is 0, 1, ... parts-1. */
  private[data] def deal(parts: Int, offset: Int): IndexedSeq[Block] =
    (0 until parts).map { part =>
      pick(Array.range(Math.floorMod(part - offset, parts), size, parts))
    }

  private def pick(indices: Array[Int]): Block = {
    val length = itemSize
    def gather(from: AnyRef, into: AnyRef): Unit =
      for (k <- indices.indices)
        System.arraycopy(from, indices(k) * length, into, k * length, length)
    val picked = new Block(
      shape,
      indices.map(labels),
      if (bytes == null) null else new Array[Byte](indices.length * length),
      if (floats == null) null else new Array[Float](indices.length * length),
      fault // in every part: whoever looks at one must see it
    )
    if (bytes != null) gather(bytes, picked.bytes) else gather(floats, picked.floats)
    picked
  }

  private def writeObject(out: ObjectOutputStream): Unit = {
    out.defaultWriteObject()
    PackedFloats.write(out, labelValues)
    PackedFloats.write(out, floatValues)
  }

  private def readObject(in: ObjectInputStream): Unit = {
    in.defaultReadObject()
    labelValues = PackedFloats.read(in)
    floatValues = PackedFloats.read(in)
  }
}

object Block {
  private val headerBytes = 8
  private val uint8 = 0
  private val float32 = 1

  /** Stands for a record that cannot be used. A task that threw would be run again and again;
    * this way the driver learns what is wrong and says it once.
    */
  private[data] def faulty(shape: Array[Int], fault: String): Block =
    new Block(shape, Array.empty, Array.empty, null, Some(fault))

  private[sparknet] def product(shape: Array[Int]): Int =
    shape.foldLeft(1)(Math.multiplyExact(_, _))

  /** Reads packed items, little-endian: int32 number of items n, int32 type (0 = uint8, 1 =
    * float32), n float32 labels, then the items one after the other, each of `shape`, row-major.
    */
  def unpack(packed: Array[Byte], shape: Array[Int]): Block = {
    def wrong(why: String) = throw new CaffeException(Status.SHAPE, s"packed items: $why")
    val in = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN)
    if (packed.length < headerBytes) wrong(s"${packed.length} bytes have no room for a header")
    val n = in.getInt()
    val width = in.getInt() match {
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
}
