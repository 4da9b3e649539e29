package libs

import com.sun.jna.Pointer
import sparknet.jna.NativeBlob

/** Whole blobs of a `CaffeLibrary`, moved at once. */
private[libs] object BlobValues {
  def shape(library: CaffeLibrary, blob: Pointer): Array[Int] =
    Array.tabulate(library.get_num_axes(blob))(library.get_axis_shape(blob, _))

  def read(library: CaffeLibrary, blob: Pointer): Array[Float] = library match {
    // get_data would oblige the engine to keep the blob in plain order from then on.
    case _: StateLibrary => NativeBlob.of(blob).read(NativeBlob.Data)
    case _               => library.get_data(blob).getFloatArray(0, shape(library, blob).product)
  }

  def write(library: CaffeLibrary, blob: Pointer, values: Array[Float]): Unit = library match {
    case _: StateLibrary => NativeBlob.of(blob).write(NativeBlob.Data, values)
    case _               => library.get_data(blob).write(0, values, 0, values.length)
  }
}
