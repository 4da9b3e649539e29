package libs

import java.awt.image.BufferedImage

import org.scalatest.flatspec.AnyFlatSpec
import support._

class ByteImageSpec extends AnyFlatSpec {

  /** 2 rows, 3 columns; plane c holds 100 * c + 10 * row + col. */
  private val planes = (for (c <- 0 to 2; row <- 0 to 1; col <- 0 to 2)
    yield (100 * c + 10 * row + col).toByte).toArray

  "A ByteImage" should "take planes by rows" taggedAs Unit in {
    val image = new ByteImage(planes, 2, 3)
    assert((image.getHeight, image.getWidth) == ((2, 3)))
    assert(image.getRed(1, 2) == 12)
    assert(image.getGreen(0, 1) == 101)
    assert(image.getBlue(1, 0) == 210.toByte)
  }

  it should "crop a part that is not square, with pixels from 0 to 255" taggedAs Unit in {
    val buffer = new Array[Float](6)
    new ByteImage(planes, 2, 3).cropInto(buffer, Array(0, 1), Array(2, 2))
    assert(buffer.toSeq == Seq(1f, 11f, 101f, 111f, 201f, 211f))
  }

  it should "crop into a larger buffer and leave the rest of it" taggedAs Unit in {
    val buffer = Array.fill(5)(-1f)
    new ByteImage(planes, 2, 3).cropInto(buffer, Array(1, 2), Array(2, 3))
    assert(buffer.toSeq == Seq(12f, 112f, 212f, -1f, -1f))
  }

  it should "refuse crops outside the image or larger than the buffer" taggedAs Unit in {
    val image = new ByteImage(2, 3)
    val outside = intercept[IllegalArgumentException] {
      image.cropInto(new Array(100), Array(0, 0), Array(3, 3))
    }
    assert(outside.getMessage.contains("2x3"))
    assertThrows[IllegalArgumentException](
      image.cropInto(new Array(100), Array(-1, 0), Array(1, 1))
    )
    assertThrows[IllegalArgumentException](image.cropInto(new Array(17), Array(0, 0), Array(2, 3)))
  }

  it should "refuse bytes that do not match its size" taggedAs Unit in {
    assert(
      intercept[IllegalArgumentException](new ByteImage(planes, 3, 3)).getMessage.contains("27")
    )
  }

  it should "copy RGB pixels" taggedAs Unit in {
    val source = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB)
    source.setRGB(1, 0, 0xff8001)
    val image = new ByteImage(source)
    assert((image.getHeight, image.getWidth) == ((1, 2)))
    val pixel = Seq(image.getRed(0, 1), image.getGreen(0, 1), image.getBlue(0, 1)).map(_ & 0xff)
    assert(pixel == Seq(0xff, 0x80, 0x01))
    assert(image.getRed(0, 0) == 0)
  }

  it should "take grey values as they are, not brightened" taggedAs Unit in {
    val source = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY)
    source.getRaster.setSample(0, 0, 0, 128)
    val image = new ByteImage(source)
    val pixel = Seq(image.getRed(0, 0), image.getGreen(0, 0), image.getBlue(0, 0)).map(_ & 0xff)
    assert(pixel == Seq(128, 128, 128))
  }
}
