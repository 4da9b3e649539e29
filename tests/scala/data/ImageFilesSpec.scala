package sparknet.data

import java.net.URI
import java.nio.file.{Files, Path}
import java.util.Collections

import org.apache.spark.api.java.JavaSparkContext
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class ImageFilesSpec extends AnyFlatSpec with OnCluster {
  private val png = Files.readAllBytes(Path.of("tests", "resources", "images", "rgb.png"))
  private val jpeg = Files.readAllBytes(Path.of("tests", "resources", "images", "rgb.jpg"))

  private def write(folder: Path, files: (String, Array[Byte])*): Unit =
    for ((name, content) <- files) {
      val file = folder.resolve(name)
      Files.createDirectories(file.getParent)
      Files.write(file, content)
    }

  private def dataset(images: String, labels: String = null): Dataset =
    Dataset.fromImageFiles(
      JavaSparkContext.fromSparkContext(sc),
      images,
      labels,
      Collections.singletonMap("max_bad_share", java.lang.Double.valueOf(0.5))
    )

  private def labelsOf(data: Dataset): Seq[Float] = {
    data.count()
    data.rdd.flatMap(_.labels).collect().toSeq
  }

  "Files of images" should "have the folders that they lie in for classes" taggedAs SparkTag in
    Temporary.folder { folder =>
      write(folder, "dog/1.png" -> png, "cat/b.JPEG" -> jpeg, "cat/a.jpg" -> jpeg)
      val data = dataset(folder.toString)
      assert(labelsOf(data) == Seq(0f, 0f, 1f) && data.shape.toSeq == Seq(3, 256, 256))
      assert(data.rdd.getNumPartitions == math.min(3, sc.defaultParallelism))
    }

  it should "have the labels that a file gives their names" taggedAs SparkTag in
    Temporary.folder { folder =>
      write(
        folder,
        "train/x/1.png" -> png,
        "train/2.jpg" -> jpeg,
        "train/3.png" -> png.take(30),
        "train/4.png" -> png,
        "train/5.jpg" -> Array.emptyByteArray,
        "labels.txt" -> "x/1.png 7\n2.jpg 3\n3.png 1\n5.jpg 1\n".getBytes
      )
      val leftOut = intercept[CaffeException] {
        dataset(s"$folder/train", s"$folder/labels.txt").count()
      }.getMessage
      assert(leftOut.contains("3 of 5 records left out"))
      for (part <- Seq("1 no label (4.png)", "1 corrupt image (3.png)", "1 empty file (5.jpg)"))
        assert(leftOut.contains(part))
      assert(labelsOf(dataset(s"$folder/train/2.jpg", s"$folder/labels.txt")) == Seq(3f))
    }

  it should "stand beside tars, which need a file of labels" taggedAs SparkTag in
    Temporary.folder { folder =>
      val tar = TarFiles.tar(TarFiles.Entry("in.png", png))
      write(
        folder,
        "train/0.tar" -> tar,
        "train/out.png" -> png,
        "labels.txt" -> "in.png 1\nout.png 2\n".getBytes
      )
      assert(labelsOf(dataset(s"$folder/train", s"$folder/labels.txt")).sorted == Seq(1f, 2f))
      val message = intercept[CaffeException](dataset(s"$folder/train")).getMessage
      assert(message.contains("0.tar is no image by its name"))
    }

  it should "be told by their names" taggedAs Unit in {
    for (name <- Seq("a.jpg", "b.JPEG", "c.d.png", "e.Gif", "f.bmp"))
      assert(ImageFiles.isImage(URI.create(s"s3a://bucket/x/$name")), name)
    for (name <- Seq("a.tar", "jpg", "a.jpg.tar", "a.jpg/b"))
      assert(!ImageFiles.isImage(URI.create(s"s3a://bucket/x/$name")), name)
  }
}
