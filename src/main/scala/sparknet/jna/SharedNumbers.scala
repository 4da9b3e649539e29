package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}
import java.util.concurrent.atomic.AtomicLong

import com.sun.jna.Pointer
import com.sun.jna.ptr.PointerByReference

/** Numbers outside the heap, zeros at first, where the engine, the network and other processes of this
  * machine read them without a copy.
  *
  * @param count
  *   how many
  * @param width
  *   bytes of each
  */
sealed abstract class SharedNumbers(val count: Int, val width: Int) extends AutoCloseable {
  private def library = NativeLoader.library

  private val memory = {
    val made = new PointerByReference
    Check.ok(library.ccaffe_memory_create(count.toLong * width, made))
    Handle.owned(what, made.getValue, library.ccaffe_memory_destroy(_))
  }

  private val (start, shared) = {
    val start, name = new PointerByReference
    memory.run(library.ccaffe_memory_data(_, start, name))
    (Pointer.nativeValue(start.getValue), name.getValue.getString(0))
  }

  private val size = count.toLong * width
  SharedNumbers.opened.addAndGet(size)

  private def what = s"memory of $count numbers"

  /** How [[NeighbourMemory]] finds them; empty if this system lets nobody share memory. */
  def name: String = shared

  /** Says that they stay as they are until the next call, for other processes to read; 0: they change,
    * or are closed already.
    *
    * @param content
    *   a number that no content of theirs has had before
    */
  def show(content: Long): Unit =
    if (content != 0 || !memory.isClosed) memory.run(library.ccaffe_memory_show(_, content))

  /** The bytes of `count` numbers in the order of this machine. The buffer keeps nothing in memory: it
    * must not be used after [[close]].
    */
  def bytes(from: Int, count: Int): ByteBuffer = {
    require(from >= 0 && count >= 0 && count <= this.count - from, s"$count from $from on in $what")
    new Pointer(address(from)).getByteBuffer(0, count.toLong * width).order(ByteOrder.nativeOrder)
  }

  /** The address of number `from`, until [[close]]. */
  def address(from: Int): Long = {
    if (memory.isClosed)
      throw new IllegalStateException(s"these $count numbers have been freed")
    start + from.toLong * width
  }

  def clear(): Unit = new Pointer(address(0)).clear(count.toLong * width)

  override def close(): Unit = {
    if (!memory.isClosed) SharedNumbers.opened.addAndGet(-size)
    memory.close()
  }
}

private[sparknet] object SharedNumbers {
  private val opened = new AtomicLong

  /** Bytes that this JVM has made and nobody has closed so far. */
  def openBytes: Long = opened.get
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
  def isFinite: Boolean = VectorMath.allFinite(address(0), count.toLong)
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
