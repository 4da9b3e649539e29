package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}

import com.sun.jna.{Memory, Pointer}

/** Numbers outside the heap, where the engine and the network read and write them without a copy.
  *
  * @param count
  *   how many
  * @param width
  *   bytes of each
  */
sealed abstract class SharedNumbers(val count: Int, val width: Int) extends AutoCloseable {
  private val memory = new Memory(math.max(1L, count) * width)
  private var open = true

  /** The bytes of `count` numbers in the order of this machine. The buffer keeps nothing in memory: it
    * must not be used after [[close]].
    */
  def bytes(from: Int, count: Int): ByteBuffer = {
    check()
    memory
      .getByteBuffer(from.toLong * width, count.toLong * width)
      .order(ByteOrder.nativeOrder)
  }

  /** The address of number `from`, until [[close]]. */
  def address(from: Int): Long = {
    check()
    Pointer.nativeValue(memory) + from.toLong * width
  }

  def clear(): Unit = {
    check()
    memory.clear()
  }

  override def close(): Unit = {
    open = false
    memory.close()
  }

  private def check(): Unit =
    if (!open) throw new IllegalStateException(s"these $count numbers have been freed")
}

final class FloatMemory(count: Int) extends SharedNumbers(count, FloatMemory.width) {

  /** All of them. */
  def floats: FloatBuffer = bytes(0, count).asFloatBuffer

  def toArray: Array[Float] = {
    val values = new Array[Float](count)
    floats.get(values)
    values
  }

  /** Whether none is infinite or not a number. */
  def isFinite: Boolean = VectorMath.allFinite(this)
}

object FloatMemory {
  val width = 4

  def of(values: Array[Float]): FloatMemory = {
    val result = new FloatMemory(values.length)
    result.floats.put(values)
    result
  }
}

/** Numbers as bfloat16, the upper half of a float each. */
final class HalfMemory(count: Int) extends SharedNumbers(count, HalfMemory.width)

object HalfMemory {
  val width = 2
}
