package preprocessing

import java.awt.color.ColorSpace
import java.awt.image.Raster
import java.io.ByteArrayInputStream
import javax.imageio.{IIOException, ImageIO, ImageReader}
import javax.imageio.stream.MemoryCacheImageInputStream

import scala.util.control.NonFatal

import libs.ByteImage

/** Decodes JPEG, PNG and what else ImageIO reads; grey images too, and CMYK JPEGs. */
private[preprocessing] object ImageDecoder {

  /** The image, or None if the bytes are not an image that can be decoded. */
  def decode(bytes: Array[Byte]): Option[ByteImage] =
    try {
      val stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))
      try {
        val readers = ImageIO.getImageReaders(stream)
        if (!readers.hasNext) None
        else {
          val reader = readers.next()
          reader.setInput(stream, false, true)
          try Some(read(reader, bytes))
          finally reader.dispose()
        }
      } finally stream.close()
    } catch {
      // ImageIO's plugins answer broken files with exceptions of many kinds.
      case NonFatal(_) => None
    }

  private def read(reader: ImageReader, bytes: Array[Byte]): ByteImage = {
    // Of CMYK Java 11 reads no image, and Java 17 takes Adobe's inverted values for plain ones.
    val image =
      try Some(reader.read(0)).filter(_.getColorModel.getColorSpace.getType != ColorSpace.TYPE_CMYK)
      catch { case _: IIOException if reader.canReadRaster => None }
    image.map(new ByteImage(_)).getOrElse {
      val raster = reader.readRaster(0, null)
      if (raster.getNumBands != 4) throw new IIOException(s"${raster.getNumBands} components")
      fromCmyk(raster, adobeTransform(bytes))
    }
  }

  /** RGB without colour profiles: each of cyan, magenta and yellow darkened by black. */
  private def fromCmyk(raster: Raster, transform: Option[Int]): ByteImage = {
    val plane = raster.getWidth * raster.getHeight
    val pixels = raster.getPixels(0, 0, raster.getWidth, raster.getHeight, null: Array[Int])
    val planes = new Array[Byte](3 * plane)
    for (i <- 0 until plane) {
      val ink =
        if (transform.contains(2)) fromYcc(pixels, 4 * i) else pixels.slice(4 * i, 4 * i + 3)
      // Adobe's files hold paper left white, others hold ink.
      val white = (v: Int) => if (transform.isDefined) v else 255 - v
      for (c <- 0 until 3)
        planes(c * plane + i) = math.round(white(ink(c)) * white(pixels(4 * i + 3)) / 255f).toByte
    }
    new ByteImage(planes, raster.getHeight, raster.getWidth)
  }

  private def fromYcc(pixels: Array[Int], at: Int): Array[Int] = {
    val (y, cb, cr) = (pixels(at), pixels(at + 1) - 128, pixels(at + 2) - 128)
    Array(y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb)
      .map(v => 255 - math.min(255, math.max(0, math.round(v).toInt)))
  }

  /** The colour transform in a JPEG's Adobe segment (0 none, 2 YCCK); None without that segment. */
  private def adobeTransform(bytes: Array[Byte]): Option[Int] = {
    def byte(i: Int) = bytes(i) & 0xff
    var at = 2
    while (at + 16 <= bytes.length && byte(at) == 0xff && byte(at + 1) != 0xda) {
      if (byte(at + 1) == 0xee && new String(bytes, at + 4, 5, "US-ASCII") == "Adobe")
        return Some(byte(at + 15))
      at += 2 + byte(at + 2) * 256 + byte(at + 3)
    }
    None
  }
}
