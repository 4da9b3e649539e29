package historical

import java.io._
import java.net.URI

import scala.collection.mutable.Map

import loaders._
import org.apache.spark.SparkContext
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel
import org.scalatest._
import preprocessing._
import support._

/** Every public symbol of `ImageNetLoader`, and the first steps of the ImageNet app with it. */
class ImageNetSpec extends FlatSpec {
  private def png(colour: Int): Array[Byte] = {
    val image = new java.awt.image.BufferedImage(5, 4, java.awt.image.BufferedImage.TYPE_INT_RGB)
    for (x <- 0 until 5; y <- 0 until 4) image.setRGB(x, y, colour)
    val out = new ByteArrayOutputStream()
    javax.imageio.ImageIO.write(image, "png", out)
    out.toByteArray
  }

  /** A tar with images of these reds, made by the system's tar. */
  private def tar(folder: File, name: String, reds: Int*): scala.Unit = {
    val names = reds.map(red => s"image_$red.JPEG")
    for ((red, file) <- reds.zip(names)) {
      val out = new FileOutputStream(new File(folder, file))
      out.write(png(red << 16))
      out.close()
    }
    val command = Seq("tar", "-C", folder.getPath, "-cf", new File(folder, name).getPath) ++ names
    assert(new ProcessBuilder(command: _*).inheritIO().start().waitFor() == 0)
  }

  "ImageNetLoader" should "have the original's surface" taggedAs SparkTag in
    Temporary.folder { path =>
      val folder = path.toFile
      tar(folder, "tars.0.tar", 10, 20, 30)
      tar(folder, "tars.1.tar", 40)
      val labels = new PrintWriter(new File(folder, "train.txt"))
      for (red <- 10 to 40 by 10) labels.write(s"n01/image_$red.JPEG ${red / 10}\n")
      labels.close()

      val sc: SparkContext = LocalSpark.context
      val loader: ImageNetLoader = new ImageNetLoader(bucket = "file:" + folder)
      val serializable: Serializable = loader
      assert(serializable != null)
      val paths: RDD[URI] = loader.getFilePathsRDD(sc = sc, path = "tars.0")
      assert(paths.collect().map(_.getPath).toSeq == Seq(folder.getPath + "/tars.0.tar"))
      val spread: RDD[URI] = loader.getFilePathsRDD(sc, "tars.", numParts = Some(1))
      assert(loader.getFilePathsRDD(sc, "tars.1.").getNumPartitions == 1)
      val byName: Map[String, Int] = loader.getLabels(labelsPath = "train.txt")
      assert(byName == Map((10 to 40 by 10).map(red => s"image_$red.JPEG" -> red / 10): _*))
      val broadcastMap: Broadcast[Map[String, Int]] = sc.broadcast(byName)
      val images: RDD[(Array[Byte], Int)] =
        loader.loadImagesFromTar(filePathsRDD = paths, broadcastMap = broadcastMap)
      assert(images.map(_._2).collect().toSeq == Seq(1, 2, 3))
      assert(spread.getNumPartitions == 1)

      var trainRDD = loader.apply(sc, "tars.", "train.txt")
      trainRDD = trainRDD.persist(StorageLevel.MEMORY_ONLY)
      val named: RDD[(Array[Byte], Int)] =
        loader.apply(sc = sc, dataPath = "tars.1", labelsPath = "train.txt", numParts = None)
      assert(trainRDD.map(_._2).collect().sorted.toSeq == Seq(1, 2, 3, 4))
      assert(named.first()._1.sameElements(png(40 << 16)))

      val minibatches = new ScaleAndConvert(2, 6, 6).makeMinibatchRDD(trainRDD.coalesce(1))
      val mean = ComputeMean(minibatches, Array[Int](3, 6, 6), 4).getBuffer()
      assert(mean.take(36).forall(_ == 25f) && mean.drop(36).forall(_ == 0f))
      trainRDD.unpersist()
    }
}
