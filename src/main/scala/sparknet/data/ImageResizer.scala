package sparknet.data

/** Resizes images with a triangle filter: linear interpolation that, when an image shrinks, takes
  * in all pixels that a new one covers.
  */
private[data] object ImageResizer {

  /** Three planes of newHeight x newWidth bytes; the aspect ratio is not kept. */
  def resize(
      planes: Array[Byte],
      height: Int,
      width: Int,
      newHeight: Int,
      newWidth: Int
  ): Array[Byte] =
    if (height == newHeight && width == newWidth) planes
    else {
      val pixels = planes.map(v => (v & 0xff).toFloat)
      val narrow = new Array[Float](3 * height * newWidth)
      val across = taps(width, newWidth)
      for (row <- 0 until 3 * height)
        filter(pixels, row * width, 1, narrow, row * newWidth, 1, across)
      val small = new Array[Float](3 * newHeight * newWidth)
      val down = taps(height, newHeight)
      for (plane <- 0 until 3; col <- 0 until newWidth) {
        val from = plane * height * newWidth + col
        val to = plane * newHeight * newWidth + col
        filter(narrow, from, newWidth, small, to, newWidth, down)
      }
      small.map(v => Math.round(v).toByte)
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
