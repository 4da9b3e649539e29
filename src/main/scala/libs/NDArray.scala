package libs

/** An array of floats of any rank, or a view of one; views share values. */
class NDArray private (val javaArray: JavaNDArray) extends java.io.Serializable {
  val dim: Int = javaArray.dim
  val shape: Array[Int] = javaArray.shape

  /** The view from lowerOffsets (inclusive) to upperOffsets (exclusive). */
  def subarray(lowerOffsets: Array[Int], upperOffsets: Array[Int]): NDArray =
    new NDArray(javaArray.subArray(lowerOffsets, upperOffsets))

  /** The view with one axis fixed and dropped. */
  def slice(axis: Int, index: Int): NDArray = new NDArray(javaArray.slice(axis, index))

  def get(indices: Array[Int]): Float = javaArray.get(indices: _*)

  def set(indices: Array[Int], value: Float): Unit = javaArray.set(indices, value)

  /** Copies the values in row-major order. */
  def flatCopy(result: Array[Float]): Unit = javaArray.flatCopy(result)

  def toFlat(): Array[Float] = javaArray.toFlat()

  /** The whole array underneath, which is larger than a view of a part. */
  def getBuffer(): Array[Float] = javaArray.getBuffer()

  def add(that: NDArray): Unit = javaArray.add(that.javaArray)

  def subtract(that: NDArray): Unit = javaArray.subtract(that.javaArray)

  def scalarDivide(v: Float): Unit = javaArray.scalarDivide(v)
}

object NDArray {

  /** Wraps values in row-major order without copying them. */
  def apply(data: Array[Float], shape: Array[Int]): NDArray =
    new NDArray(new JavaNDArray(data, shape: _*))

  def zeros(shape: Array[Int]): NDArray = new NDArray(new JavaNDArray(shape: _*))

  /** The sum as a new array. */
  def plus(v1: NDArray, v2: NDArray): NDArray = {
    val sum = NDArray(v1.toFlat(), v1.shape)
    sum.add(v2)
    sum
  }
}
