package sparknet.jna

import java.nio.file.{Files, Path}

import com.sun.jna.Memory
import org.scalatest.flatspec.AnyFlatSpec
import support._

/** The images and what Pillow reads in them are made by tests/resources/images/make.py. */
class ImagesSpec extends AnyFlatSpec {
  private def resource(name: String): Array[Byte] =
    Files.readAllBytes(Path.of("tests", "resources", "images", name))

  private def floats(values: Float*): Memory = {
    val memory = new Memory(4L * values.length)
    memory.write(0, values.toArray, 0, values.length)
    memory
  }

  private def bytes(values: Int*): Memory = {
    val memory = new Memory(values.length.toLong)
    memory.write(0, values.map(_.toByte).toArray, 0, values.length)
    memory
  }

  "size" should "come from a JPEG's header" taggedAs Boundary in {
    assert(Images.size(resource("rgb.jpg")) == ((24, 32)))
    assert(Images.size(resource("big.jpg").take(700)) == ((168, 224)))
    val refused = intercept[CaffeException](Images.size(resource("rgb.png")))
    assert(refused.getCodeName == "PARSE" && refused.getMessage.contains("not a JPEG"))
  }

  for (name <- Seq("rgb.jpg", "grey.jpg", "cmyk.jpg", "ycck.jpg", "ink.jpg", "progressive.jpg"))
    "decode" should s"see in $name what Pillow sees" taggedAs Boundary in {
      val found = Images.decode(resource(name), 24, 32)
      val differences = found.zip(resource(s"$name.rgb")).map { case (a, b) =>
        math.abs((a & 0xff) - (b & 0xff))
      }
      assert(differences.length == 3 * 24 * 32 && differences.max <= 1)
    }

  it should "refuse what is not whole" taggedAs Boundary in {
    val cut = intercept[CaffeException](Images.decode(resource("rgb.jpg").dropRight(90), 24, 32))
    assert(cut.getCodeName == "PARSE" && cut.getMessage.contains("Premature end"))
    val empty = intercept[CaffeException](Images.decode(Array.empty, 24, 32))
    assert(empty.getCodeName == "PARSE")
    intercept[CaffeException](Images.decode(resource("rgb.jpg"), 0, 32))
  }

  "fill" should "crop, mirror, subtract and scale" taggedAs Boundary in {
    val items = bytes(0, 1, 2, 10, 11, 12, 200, 201, 202, 210, 211, 255)
    val mean = floats(0, 1, 2, 3, 4, 5)
    val values = new Memory(4 * 4)
    val (shape, crop) = (Array(1, 2, 3), Array(1, 2))
    Images.fill(items, 2, shape, crop, Array(0, 0, 0, 1, 1, 1), mean, 0.5f, values)
    val expected = Seq((0 - 0), (1 - 1), (255 - 5), (211 - 4)).map(_ * 0.5f)
    assert(values.getFloatArray(0, 4).toSeq == expected)
    Images.fill(items, 2, shape, crop, null, null, 1, values)
    assert(values.getFloatArray(0, 4).toSeq == Seq(0f, 1f, 200f, 201f))
  }

  it should "refuse places outside an item" taggedAs Boundary in {
    val values = floats(-1, -1)
    def fill(places: Int*) =
      Images.fill(bytes(1, 2), 1, Array(1, 1, 2), Array(1, 2), places.toArray, null, 1, values)
    val outside = intercept[CaffeException](fill(0, 1, 0))
    assert(outside.getCodeName == "INVALID_ARGUMENT" && outside.getMessage.contains("item 0"))
    intercept[IllegalArgumentException](fill(0, 0))
    assert(values.getFloatArray(0, 2).toSeq == Seq(-1f, -1f))
  }
}
