package sparknet.jna

import com.sun.jna.Pointer

/** Fills one JavaData layer through plain pointers. A [[Feed]] for all layers at once is faster. */
trait DataFill {

  /** Writes a minibatch.
    *
    * @param data
    *   room for `batch` times the product of the extents floats, row-major
    * @param shape
    *   `numDims` 32-bit extents of one item
    */
  def fill(data: Pointer, batch: Int, numDims: Int, shape: Pointer): Unit
}
