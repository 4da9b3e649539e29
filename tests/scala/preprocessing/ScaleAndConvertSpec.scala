package preprocessing

import java.nio.file.{Files, Path}

import libs.ByteImage
import org.apache.spark.SparkException
import org.scalatest.flatspec.AnyFlatSpec
import support._

/** The images and what Pillow reads in them are made by tests/resources/images/make.py. */
class ScaleAndConvertSpec extends AnyFlatSpec with OnCluster {
  private def resource(name: String): Array[Byte] =
    Files.readAllBytes(Path.of("tests", "resources", "images", name))

  private def pixels(image: ByteImage): Array[Int] = {
    val buffer = new Array[Float](3 * image.getHeight * image.getWidth)
    image.cropInto(buffer, Array(0, 0), Array(image.getHeight, image.getWidth))
    buffer.map(_.toInt)
  }

  /** The greatest difference between an image and Pillow's planes. */
  private def difference(image: ByteImage, planes: String): Int = {
    val expected = resource(planes).map(_ & 0xff)
    val found = pixels(image)
    assert(found.length == expected.length)
    found.zip(expected).map { case (a, b) => math.abs(a - b) }.max
  }

  private val sameSize = new ScaleAndConvert(1, 24, 32)

  for (name <- Seq("rgb.png", "grey.png", "rgb.jpg", "grey.jpg", "cmyk.jpg", "ycck.jpg"))
    "convertImage" should s"decode $name" taggedAs Boundary in {
      assert(difference(sameSize.convertImage(resource(name)).get, s"$name.rgb") <= 1)
    }

  // Pillow rounds between its two passes and we do not.
  for ((height, width) <- Seq((10, 13), (40, 50)))
    it should s"resize to ${height}x$width as Pillow does" taggedAs Unit in {
      val image = new ScaleAndConvert(1, height, width).convertImage(resource("rgb.png")).get
      assert((image.getHeight, image.getWidth) == ((height, width)))
      assert(difference(image, s"rgb.png.${height}x$width.rgb") <= 1)
    }

  it should "give None for what is not an image" taggedAs Boundary in {
    assert(sameSize.convertImage(Array.empty).isEmpty)
    assert(sameSize.convertImage("text".getBytes).isEmpty)
    assert(sameSize.convertImage(resource("rgb.png").take(60)).isEmpty)
    assert(sameSize.convertImage(resource("rgb.jpg").take(200)).isEmpty)
    assert(sameSize.convertImage(null).isEmpty)
  }

  "makeMinibatchRDDWithoutCompression" should "make full minibatches only" taggedAs SparkTag in {
    val data = (0 until 23).map(i => (Array.fill(3 * 2 * 4)(i.toByte), i))
    val rdd = sc.parallelize(data, 2) // 11 and 12 images
    val minibatches =
      new ScaleAndConvert(5, 2, 4).makeMinibatchRDDWithoutCompression(rdd).map { batch =>
        (batch._1.map(image => image.getBlue(1, 3).toInt).toSeq, batch._2.toSeq)
      }
    val expected = Seq(0 until 5, 5 until 10, 11 until 16, 16 until 21)
    assert(minibatches.collect().toSeq == expected.map(run => (run.toSeq, run.toSeq)))
  }

  "makeMinibatchRDD" should "leave broken images out" taggedAs SparkTag in {
    val (good, broken) = (resource("rgb.png"), Array[Byte](1, 2, 3))
    val data = Seq(good -> 0, broken -> 1, good -> 2, good -> 3)
    val minibatches = new ScaleAndConvert(2, 24, 32)
      .makeMinibatchRDD(sc.parallelize(data, 1))
      .map { case (images, labels) => (images.map(_.getWidth).toSeq, labels.toSeq) }
    assert(minibatches.collect().toSeq == Seq((Seq(32, 32), Seq(0, 2))))
  }

  it should "fail jobs when too many images are broken" taggedAs SparkTag in {
    val data = Seq.fill(4)(resource("rgb.png") -> 0) :+ (Array[Byte](1, 2, 3) -> 1)
    val minibatches =
      new ScaleAndConvert(2, 24, 32).makeMinibatchRDD(sc.parallelize(data, 1))
    assert(minibatches.count() == 2)
    val failure = intercept[SparkException](minibatches.count())
    assert(
      failure.getMessage.contains(
        "ScaleAndConvert: 1 of 5 records left out: 1 not an image (record 4 of partition 0)"
      )
    )
  }
}
