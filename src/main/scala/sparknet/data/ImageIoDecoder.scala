package sparknet.data

import java.awt.color.ColorSpace
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import javax.imageio.{ImageIO, ImageReader}
import javax.imageio.stream.MemoryCacheImageInputStream

import scala.util.control.NonFatal

/** Decodes PNG, GIF, BMP and what else ImageIO reads. */
private[data] object ImageIoDecoder {
  // As the engine's own limit for JPEGs: a header of a few bytes must not claim all memory.
  private val mostPixels = 1L << 27

  /** Pixels as planes red, green, blue, each by rows. */
  final class Decoded(val planes: Array[Byte], val height: Int, val width: Int)

  /** The image, or why there is none. */
  def decode(encoded: Array[Byte]): Either[String, Decoded] =
    read(encoded) { reader =>
      val image = reader.read(0)
      val planes =
        if (image.getColorModel.getColorSpace.getType == ColorSpace.TYPE_GRAY) grey(image)
        else colour(image)
      new Decoded(planes, image.getHeight, image.getWidth)
    }

  /** Looks at the header alone. */
  def check(encoded: Array[Byte]): Either[String, Unit] = read(encoded)(_ => ())

  private def read[T](encoded: Array[Byte])(body: ImageReader => T): Either[String, T] =
    try {
      val stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))
      try {
        val readers = ImageIO.getImageReaders(stream)
        if (!readers.hasNext) Left(BadRecord.notAnImage)
        else {
          val reader = readers.next()
          reader.setInput(stream, false, true)
          try
            if (reader.getHeight(0).toLong * reader.getWidth(0) > mostPixels)
              Left(BadRecord.corruptImage)
            else Right(body(reader))
          finally reader.dispose()
        }
      } finally stream.close()
    } catch {
      // ImageIO's plugins answer broken files with exceptions of many kinds.
      case NonFatal(_) => Left(BadRecord.corruptImage)
    }

  private def colour(image: BufferedImage): Array[Byte] = {
    val plane = image.getHeight * image.getWidth
    val planes = new Array[Byte](3 * plane)
    val row = new Array[Int](image.getWidth)
    for (y <- 0 until image.getHeight) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length)
      var x = 0
      while (x < row.length) {
        val to = y * row.length + x
        planes(to) = (row(x) >> 16).toByte
        planes(plane + to) = (row(x) >> 8).toByte
        planes(2 * plane + to) = row(x).toByte
        x += 1
      }
    }
    planes
  }

  // Java would take grey values for linear ones and brighten them on the way to RGB.
  private def grey(image: BufferedImage): Array[Byte] = {
    val shift = math.max(0, image.getSampleModel.getSampleSize(0) - 8)
    val samples = image.getRaster
      .getSamples(0, 0, image.getWidth, image.getHeight, 0, null: Array[Int])
      .map(sample => (sample >> shift).toByte)
    samples ++ samples ++ samples
  }
}
