package sparknet.data

import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.{Files, Path}
import javax.imageio.ImageIO

import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.CaffeException
import support._

/** The images and what Pillow reads in them are made by tests/resources/images/make.py. */
class ImageCodecSpec extends AnyFlatSpec {
  private def resource(name: String): Array[Byte] =
    Files.readAllBytes(Path.of("tests", "resources", "images", name))

  private def difference(planes: Array[Byte], expected: String): Int = {
    val pillow = resource(expected)
    assert(planes.length == pillow.length)
    planes.zip(pillow).map { case (a, b) => math.abs((a & 0xff) - (b & 0xff)) }.max
  }

  for (name <- Seq("rgb.png", "grey.png", "rgb.jpg", "grey.jpg", "cmyk.jpg", "ink.jpg"))
    "planes" should s"decode $name" taggedAs Boundary in {
      val Right(planes) = ImageCodec.planes(resource(name), 24, 32)
      assert(difference(planes, s"$name.rgb") <= (if (name.endsWith("png")) 0 else 1))
      assert(ImageCodec.check(resource(name)) == Right(()))
    }

  // Pillow rounds between its two passes and we do not.
  for ((height, width) <- Seq((10, 13), (40, 50)))
    it should s"resize to ${height}x$width as Pillow does" taggedAs Unit in {
      val Right(planes) = ImageCodec.planes(resource("rgb.png"), height, width)
      assert(difference(planes, s"rgb.png.${height}x$width.rgb") <= 1)
    }

  it should "decode formats that only ImageIO knows" taggedAs Unit in {
    for (format <- Seq("bmp", "gif")) {
      val image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB)
      image.setRGB(0, 0, 0xff8000)
      image.setRGB(1, 0, 0x0000ff)
      val file = new ByteArrayOutputStream
      assert(ImageIO.write(image, format, file))
      val expected = Seq(0xff, 0, 0x80, 0, 0, 0xff).map(_.toByte)
      assert(ImageCodec.planes(file.toByteArray, 1, 2).map(_.toSeq) == Right(expected), format)
    }
  }

  private val bad = Seq(
    "no bytes" -> Array.emptyByteArray -> BadRecord.emptyFile,
    "a text" -> "text".getBytes -> BadRecord.notAnImage,
    "one byte" -> Array[Byte](-1) -> BadRecord.notAnImage,
    "the start of a JPEG" -> resource("rgb.jpg").take(30) -> BadRecord.corruptImage,
    "the start of a PNG" -> resource("rgb.png").take(20) -> BadRecord.corruptImage
  )
  for (((what, bytes), reason) <- bad)
    it should s"tell that $what is: $reason" taggedAs Boundary in {
      assert(ImageCodec.planes(bytes, 4, 4) == Left(reason))
      assert(ImageCodec.check(bytes) == Left(reason))
    }

  it should "tell that an image is cut short" taggedAs Boundary in {
    for (name <- Seq("rgb.jpg", "progressive.jpg", "rgb.png")) {
      val cut = resource(name).dropRight(200)
      assert(ImageCodec.planes(cut, 4, 4) == Left(BadRecord.corruptImage), name)
      assert(ImageCodec.check(cut) == Right(()), name) // which reads the header alone
    }
  }

  it should "refuse a PNG that claims more pixels than memory holds" taggedAs Unit in {
    val huge = resource("rgb.png")
    for (at <- Seq(16, 20)) huge(at + 1) = 0x7f // height and width: 8 million more
    val crc = new java.util.zip.CRC32
    crc.update(huge, 12, 17)
    for (i <- 0 until 4) huge(29 + i) = (crc.getValue >> (24 - 8 * i)).toByte
    assert(ImageCodec.planes(huge, 4, 4) == Left(BadRecord.corruptImage))
    assert(ImageCodec.check(huge) == Left(BadRecord.corruptImage))
  }

  it should "not take the caller's mistake for a bad image" taggedAs Boundary in {
    intercept[CaffeException](ImageCodec.planes(resource("rgb.jpg"), 0, 4))
  }
}
