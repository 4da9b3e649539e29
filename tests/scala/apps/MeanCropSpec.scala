package apps

import libs.ByteImage
import org.scalatest.flatspec.AnyFlatSpec
import support._

class MeanCropSpec extends AnyFlatSpec {
  private val (size, cropped) = (4, 3)
  private val pixels = Array.tabulate(3 * size * size)(i => (5 * i).toByte) // up to 235
  private val mean = Array.tabulate(3 * size * size)(i => 0.25f * (i % 7))
  private val crop = new MeanCrop(mean, size, cropped)

  /** The value by the definition, pixel for pixel. */
  private def expected(channel: Int, row: Int, col: Int): Float = {
    val at = (channel * size + row) * size + col
    (pixels(at) & 0xff) - mean(at)
  }

  "A MeanCrop" should "subtract the mean of the pixels that it takes" taggedAs Unit in {
    val image = new ByteImage(pixels, size, size)
    for (top <- 0 to crop.lastOffset; left <- 0 to crop.lastOffset; mirrored <- Seq(true, false)) {
      val buffer = new Array[Float](3 * cropped * cropped)
      crop(image, buffer, top, left, mirrored)
      val all = for (c <- 0 until 3; row <- 0 until cropped; x <- 0 until cropped) yield {
        val col = if (mirrored) cropped - 1 - x else x
        expected(c, top + row, left + col)
      }
      assert(buffer.toSeq == all, (top, left, mirrored))
    }
  }

  it should "know its offsets" taggedAs Unit in {
    assert(crop.lastOffset == 1)
    val imageNet = new MeanCrop(Array.empty, 256, 227)
    assert((imageNet.lastOffset, imageNet.centerOffset) == ((29, 15)))
  }
}
