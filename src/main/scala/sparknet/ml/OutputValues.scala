package sparknet.ml

import java.nio.{ByteOrder, FloatBuffer}

import com.sun.jna.{Memory, Pointer}
import org.apache.spark.sparknet.FloatRoom

import sparknet.jna.{CaffeException, Counts, NativeBlob, Status}

/** A blob's values for the items of a batch, one after the other, copied once out of the engine. */
private[ml] final class OutputValues(name: String, blob: NativeBlob) extends AutoCloseable {
  private var memory: Memory = _
  private var buffer: FloatBuffer = _
  private var known = 0 // items for which all this is

  /** The values of all items; until the next [[read]]. */
  var floats: FloatRoom = _

  /** Number of values of an item. */
  var count: Int = 0

  /** @param items
    *   of the batch, whose number alone changes the blob's shape
    */
  def read(items: Int): Unit = {
    if (items != known) shape(items)
    blob.readInto(NativeBlob.Data, buffer)
  }

  private def shape(items: Int): Unit = {
    val shape = blob.shape
    val all = Counts.product(shape, "a blob")
    if (shape.headOption.forall(_ != items) || all % items != 0)
      throw new CaffeException(
        Status.SHAPE,
        s"blob '$name' has the shape ${shape.mkString("x")} for $items items: its values " +
          "are not those of one item after the other"
      )
    if (memory == null || memory.size < 4L * all) {
      close()
      memory = new Memory(4L * all)
    }
    buffer = memory.getByteBuffer(0, 4L * all).order(ByteOrder.nativeOrder).asFloatBuffer
    floats = FloatRoom.at(Pointer.nativeValue(memory), all)
    count = all / items
    known = items
  }

  override def close(): Unit = if (memory != null) memory.close()
}
