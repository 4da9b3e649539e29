package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer, IntBuffer}

import com.sun.jna.Memory

/** Floats outside the heap, where the engine and the network read and write them without a copy. */
final class FloatMemory(val count: Int) extends SharedNumbers {
  private val memory = new Memory(math.max(1L, count) * FloatMemory.floatBytes)
  private var open = true

  /** All of them. */
  def floats: FloatBuffer = floats(0, count)

  def floats(from: Int, count: Int): FloatBuffer = bytes(from, count).asFloatBuffer

  /** The bits of all of them. */
  def ints: IntBuffer = bytes(0, count).asIntBuffer

  override def bytes(from: Int, count: Int): ByteBuffer = {
    if (!open) throw new IllegalStateException(s"these ${this.count} floats have been freed")
    memory
      .getByteBuffer(from.toLong * FloatMemory.floatBytes, count.toLong * FloatMemory.floatBytes)
      .order(ByteOrder.nativeOrder)
  }

  def toArray: Array[Float] = {
    val values = new Array[Float](count)
    floats.get(values)
    values
  }

  def clear(): Unit = memory.clear()

  override def close(): Unit = {
    open = false
    memory.close()
  }
}

object FloatMemory {
  val floatBytes = 4L

  def of(values: Array[Float]): FloatMemory = {
    val result = new FloatMemory(values.length)
    result.floats.put(values)
    result
  }
}
