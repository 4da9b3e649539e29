package apps

import libs.ByteImage

/** Cuts squares out of images and subtracts the mean of the same pixels.
  *
  * @param mean
  *   3 planes of imageSize x imageSize
  * @param cropSize
  *   side of the squares
  */
private[apps] final class MeanCrop(mean: Array[Float], imageSize: Int, cropSize: Int)
    extends java.io.Serializable {

  /** First rows and columns that a crop may have are 0 to this, inclusive. */
  val lastOffset: Int = imageSize - cropSize

  /** The middle one; an odd rest is left out at the end. */
  val centerOffset: Int = (imageSize - cropSize + 1) / 2

  /** Writes the crop whose first pixel is (top, left).
    *
    * @param buffer
    *   3 planes of cropSize x cropSize
    * @param mirrored
    *   each row from right to left
    */
  def apply(
      image: ByteImage,
      buffer: Array[Float],
      top: Int,
      left: Int,
      mirrored: Boolean
  ): Unit = {
    image.cropInto(buffer, Array(top, left), Array(top + cropSize, left + cropSize))
    var row = 0
    while (row < 3 * cropSize) {
      val (plane, y) = (row / cropSize, row % cropSize)
      val from = (plane * imageSize + top + y) * imageSize + left
      val start = row * cropSize
      var x = 0
      while (x < cropSize) {
        buffer(start + x) -= mean(from + x)
        x += 1
      }
      if (mirrored) reverse(buffer, start, start + cropSize - 1)
      row += 1
    }
  }

  private def reverse(buffer: Array[Float], first: Int, last: Int): Unit = {
    var (i, j) = (first, last)
    while (i < j) {
      val value = buffer(i)
      buffer(i) = buffer(j)
      buffer(j) = value
      i += 1
      j -= 1
    }
  }
}
