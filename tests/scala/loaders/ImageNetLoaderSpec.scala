package loaders

import java.net.URI
import java.nio.file.{Files, Path}

import scala.collection.mutable

import org.apache.spark.rdd.RDD
import org.scalatest.flatspec.AnyFlatSpec
import support.TarFiles.{entry, tar}
import support._

class ImageNetLoaderSpec extends AnyFlatSpec with OnCluster {

  private def files(test: Path => Any): Any = Temporary.folder { dir =>
    Files.createDirectories(dir.resolve("train"))
    for (i <- 0 until 3) {
      val images = Seq(s"n/${i}a.JPEG", s"n/${i}b.JPEG").map(name => entry(name, s"<$name>"))
      Files.write(dir.resolve(s"train/$i.tar"), tar(images: _*))
    }
    val lines = for (i <- 0 until 3; c <- Seq("a", "b")) yield s"n/$i$c.JPEG $i\n"
    Files.write(dir.resolve("train.txt"), lines.mkString.getBytes)
    test(dir)
  }

  private def shown(images: RDD[(Array[Byte], Int)]): Seq[(String, Int)] =
    images.collect().map { case (bytes, label) => (new String(bytes), label) }.toSeq

  private val all = for (i <- 0 until 3; c <- Seq("a", "b")) yield s"<n/$i$c.JPEG>" -> i

  "ImageNetLoader" should "read tars below a path or a URI" taggedAs SparkTag in files { dir =>
    for (base <- Seq(s"$dir", s"file:$dir", s"file://$dir/")) {
      val images = new ImageNetLoader(base)(sc, "train/", "train.txt")
      assert(images.getNumPartitions == 3 && shown(images) == all, base)
    }
    val elsewhere = new ImageNetLoader("bucket")
    assert(shown(elsewhere(sc, s"file:$dir/train", s"file:$dir/train.txt", Some(2))) == all)
  }

  it should "work in the steps of the original" taggedAs SparkTag in files { dir =>
    val loader = new ImageNetLoader(dir.toString)
    val paths: RDD[URI] = loader.getFilePathsRDD(sc, path = "train/", numParts = Some(2))
    assert(paths.getNumPartitions == 2)
    assert(paths.collect().map(_.getPath).toSeq == (0 until 3).map(i => s"$dir/train/$i.tar"))
    val labels: mutable.Map[String, Int] = loader.getLabels(labelsPath = "train.txt")
    assert(labels.size == 6 && labels("2b.JPEG") == 2)
    assert(shown(loader.loadImagesFromTar(paths, sc.broadcast(labels))) == all)
  }
}
