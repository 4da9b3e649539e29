package preprocessing

import libs.ByteImage

/** Resizes images with a triangle filter: linear interpolation that, when an image shrinks, takes
  * in all pixels that a new one covers.
  */
private[preprocessing] object ImageResizer {

  /** The image at exactly height x width; its aspect ratio is not kept. */
  def resize(image: ByteImage, height: Int, width: Int): ByteImage =
    if (image.getHeight == height && image.getWidth == width) image
    else {
      val (oldHeight, oldWidth) = (image.getHeight, image.getWidth)
      val pixels = new Array[Float](3 * oldHeight * oldWidth)
      image.cropInto(pixels, Array(0, 0), Array(oldHeight, oldWidth))
      val narrow = new Array[Float](3 * oldHeight * width)
      val across = taps(oldWidth, width)
      for (row <- 0 until 3 * oldHeight)
        filter(pixels, row * oldWidth, 1, narrow, row * width, 1, across)
      val small = new Array[Float](3 * height * width)
      val down = taps(oldHeight, height)
      for (plane <- 0 until 3; col <- 0 until width) {
        val from = plane * oldHeight * width + col
        filter(narrow, from, width, small, plane * height * width + col, width, down)
      }
      new ByteImage(small.map(v => Math.round(v).toByte), height, width)
    }

  /** The first old position and the weights that make one new value. */
  private final case class Taps(first: Int, weights: Array[Float])

  private def taps(oldSize: Int, newSize: Int): Array[Taps] = {
    val scale = oldSize.toDouble / newSize
    val support = math.max(scale, 1.0)
    Array.tabulate(newSize) { i =>
      val center = (i + 0.5) * scale
      val first = math.max(0, math.floor(center - support + 0.5).toInt)
      val last = math.min(oldSize, math.floor(center + support + 0.5).toInt)
      val weights =
        (first until last).map(j => math.max(0.0, 1 - math.abs(j + 0.5 - center) / support))
      val total = weights.sum
      Taps(first, weights.map(w => (w / total).toFloat).toArray)
    }
  }

  private def filter(
      from: Array[Float],
      fromStart: Int,
      fromStride: Int,
      to: Array[Float],
      toStart: Int,
      toStride: Int,
      taps: Array[Taps]
  ): Unit = {
    var i = 0
    while (i < taps.length) {
      val weights = taps(i).weights
      var position = fromStart + taps(i).first * fromStride
      var sum = 0f
      var k = 0
      while (k < weights.length) {
        sum += weights(k) * from(position)
        position += fromStride
        k += 1
      }
      to(toStart + i * toStride) = sum
      i += 1
    }
  }
}
