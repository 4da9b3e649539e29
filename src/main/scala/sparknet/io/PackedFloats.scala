package sparknet.io

import java.io.{EOFException, ObjectInput, ObjectInputStream, ObjectOutput, ObjectOutputStream}
import java.nio.{ByteBuffer, ByteOrder}

/** A float array that Java serialisation writes in bulk (a length, then little-endian bytes)
  * instead of element by element. The array is shared, not copied: treat it as frozen.
  */
final class PackedFloats(@transient private var array: Array[Float]) extends Serializable {

  def values: Array[Float] = array

  def length: Int = array.length

  private def writeObject(out: ObjectOutputStream): Unit = PackedFloats.write(out, array)

  private def readObject(in: ObjectInputStream): Unit = array = PackedFloats.read(in)
}

object PackedFloats {
  private val chunkBytes = 1 << 16

  def apply(values: Array[Float]): PackedFloats = new PackedFloats(values)

  /** Writes an array, or null, as int32 length (-1 for null) and the values. */
  def write(out: ObjectOutput, values: Array[Float]): Unit = {
    out.writeInt(if (values == null) -1 else values.length)
    if (values != null) {
      val chunk = newChunk(values.length)
      val floats = chunk.asFloatBuffer
      var done = 0
      while (done < values.length) {
        val count = math.min(floats.capacity, values.length - done)
        floats.clear()
        floats.put(values, done, count)
        out.write(chunk.array, 0, 4 * count)
        done += count
      }
    }
  }

  /** Reads what [[write]] wrote. */
  def read(in: ObjectInput): Array[Float] = {
    val length = in.readInt()
    if (length < -1) throw new EOFException(s"float array of length $length")
    if (length == -1) null
    else {
      val values = new Array[Float](length)
      val chunk = newChunk(length)
      val floats = chunk.asFloatBuffer
      var done = 0
      while (done < length) {
        val count = math.min(floats.capacity, length - done)
        in.readFully(chunk.array, 0, 4 * count)
        floats.clear()
        floats.get(values, done, count)
        done += count
      }
      values
    }
  }

  private def newChunk(floats: Int): ByteBuffer =
    ByteBuffer
      .allocate(math.max(4, math.min(chunkBytes.toLong, 4L * floats).toInt))
      .order(ByteOrder.LITTLE_ENDIAN)
}
