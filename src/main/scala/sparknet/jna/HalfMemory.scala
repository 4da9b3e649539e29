package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, ShortBuffer}

import com.sun.jna.Memory

/** Numbers outside the heap that others can read as bytes, whatever they take. */
trait SharedNumbers extends AutoCloseable {

  /** The bytes of `count` numbers in the order of this machine. The buffer keeps nothing in memory: it
    * must not be used after `close()`.
    */
  def bytes(from: Int, count: Int): ByteBuffer
}

/** Numbers as bfloat16 outside the heap: the upper half of a float each, rounded to nearest even. */
final class HalfMemory(val count: Int) extends SharedNumbers {
  private val memory = new Memory(math.max(1L, count) * HalfMemory.bytesEach)

  def shorts(from: Int, count: Int): ShortBuffer = bytes(from, count).asShortBuffer

  override def bytes(from: Int, count: Int): ByteBuffer =
    memory
      .getByteBuffer(from * HalfMemory.bytesEach, count * HalfMemory.bytesEach)
      .order(ByteOrder.nativeOrder)

  override def close(): Unit = memory.close()
}

object HalfMemory {
  val bytesEach = 2L

  /** Rounds the first `n` floats. */
  def round(floats: Array[Float], into: Array[Short], n: Int): Unit = {
    var i = 0
    while (i < n) {
      val bits = java.lang.Float.floatToRawIntBits(floats(i))
      into(i) = ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16).toShort
      i += 1
    }
  }

  def widen(halves: Array[Short], into: Array[Float], n: Int): Unit = {
    var i = 0
    while (i < n) {
      into(i) = java.lang.Float.intBitsToFloat(halves(i) << 16)
      i += 1
    }
  }
}
