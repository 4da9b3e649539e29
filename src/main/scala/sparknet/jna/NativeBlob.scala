package sparknet.jna

import java.nio.{ByteBuffer, ByteOrder, FloatBuffer}

import com.sun.jna.Pointer
import com.sun.jna.ptr.{IntByReference, PointerByReference}

/** A blob of a net: values (part [[NativeBlob.Data]]) and gradients (part [[NativeBlob.Diff]]).
  *
  * It dies with its net. Values are float32 in row-major order, outermost axis first.
  */
final class NativeBlob private[jna] (handle: Handle) {
  private val library = NativeLoader.library

  /** The engine's own handle of the blob, a `ccaffe_blob*`. */
  def reference: Pointer = handle.pointer

  /** Extent of each axis. */
  def shape: Array[Int] = {
    val axes = new IntByReference
    handle.run(library.ccaffe_blob_shape(_, null, 0, axes))
    val dims = new Array[Long](axes.getValue)
    handle.run(library.ccaffe_blob_shape(_, dims, dims.length, axes))
    dims.map(Counts.toInt(_, "an extent of a blob"))
  }

  /** Number of values: the product of the extents. */
  def count: Int = Counts.product(shape, "a blob")

  /** A copy of all values. */
  def read(part: Int): Array[Float] = {
    val values = new Array[Float](count)
    readInto(part, values)
    values
  }

  /** Copies all values into `values`, whose length is [[count]]. */
  def readInto(part: Int, values: Array[Float]): Unit = readInto(part, FloatBuffer.wrap(values))

  /** As above, into what remains of a buffer, whose position stays; best one outside the heap. */
  def readInto(part: Int, values: FloatBuffer): Unit =
    handle.run(library.ccaffe_blob_read(_, part, values, values.remaining.toLong))

  /** Sets all values; the length of `values` is [[count]]. */
  def write(part: Int, values: Array[Float]): Unit =
    handle.run(library.ccaffe_blob_write(_, part, values, values.length.toLong))

  /** Address of the blob's own memory, which is the truth for the blob from then on.
    *
    * Valid until the blob grows or its net is closed.
    */
  def address(part: Int): Long = Pointer.nativeValue(pointer(part))

  /** The memory at [[address]], in native byte order; at most 2 GiB. */
  def buffer(part: Int): ByteBuffer =
    pointer(part).getByteBuffer(0, 4L * count).order(ByteOrder.nativeOrder)

  /** [[address]] as JNA's pointer. */
  def pointer(part: Int): Pointer = {
    val values = new PointerByReference
    handle.run(library.ccaffe_blob_pointer(_, part, values))
    values.getValue
  }

  /** Gives the blob another shape; for inputs of a net, followed by `NativeNet.reshape`. */
  def reshape(dims: Array[Int]): Unit =
    handle.run(library.ccaffe_blob_reshape(_, dims.map(_.toLong), dims.length))
}

object NativeBlob {
  val Data: Int = CCaffe.DATA
  val Diff: Int = CCaffe.DIFF

  /** The blob that a [[NativeBlob.reference]] stands for; the engine refuses a dead one. */
  def of(reference: Pointer): NativeBlob = new NativeBlob(Handle.borrowed("blob", reference))
}
