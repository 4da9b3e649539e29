package historical

import java.io._

import libs._
import loaders._
import org.apache.spark.SparkConf
import org.apache.spark.SparkContext
import org.apache.spark.rdd.RDD
import org.scalatest._
import preprocessing._
import support._

/** Every public symbol of `loaders` for CIFAR-10 and of `preprocessing`. */
class DataSpec extends FlatSpec {
  private def withCifar[A](test: String => A): A = Temporary.folder { folder =>
    val random = new scala.util.Random(1)
    for (name <- "test_batch.bin" +: (1 to 5).map(i => s"data_batch_$i.bin")) {
      val bytes = new Array[Byte](10000 * 3073)
      random.nextBytes(bytes)
      for (i <- 0 until 10000) bytes(i * 3073) = (i % 10).toByte
      val out = new FileOutputStream(new File(folder.toFile, name))
      out.write(bytes)
      out.close()
    }
    new PrintWriter(new File(folder.toFile, "batches.meta.txt")).close()
    test(folder.toString)
  }

  "CifarLoader" should "have the original's surface" taggedAs (support.Unit, Slow) in withCifar {
    path =>
      val loader: CifarLoader = new CifarLoader(path = path)
      val sizes: Seq[Int] = Seq(
        loader.height,
        loader.width,
        loader.channels,
        loader.size,
        loader.batchSize,
        loader.nBatches,
        loader.nData
      )
      assert(sizes == Seq(32, 32, 3, 3072, 10000, 5, 50000))
      val trainImages: Array[Array[Byte]] = loader.trainImages
      val trainLabels: Array[Int] = loader.trainLabels
      val testImages: Array[Array[Byte]] = loader.testImages
      val testLabels: Array[Int] = loader.testLabels
      val pairs: Array[(Array[Byte], Int)] = trainImages.zip(trainLabels)
      assert(pairs.length == 50000 && pairs.forall(_._1.length == 3072))
      assert(testImages.length == 10000 && testLabels.take(12).toSeq == (0 until 12).map(_ % 10))
      val r: scala.util.Random = loader.r
      val indices: Iterable[Int] = loader.indices
      val trainPerm: Vector[Int] = loader.trainPerm
      val testPerm: Vector[Int] = loader.testPerm
      assert(r != null && indices.toSet == (0 until 50000).toSet)
      assert(trainPerm.sorted == (0 until 50000) && trainPerm != trainPerm.sorted)
      assert(testPerm.take(10000) == (0 until 10000))
      val full: List[File] = loader.fullFileList
      val test: File = loader.testFile
      val files: List[File] = loader.fileList
      assert(
        full.length == 6 && test.getName == "test_batch.bin" && files == full.filter(_ != test)
      )
      val listed: List[File] = loader.getListOfFiles(dir = path)
      assert(listed.toSet == full.toSet && loader.getListOfFiles(path + "/none") == List())
      val images = new Array[Array[Byte]](10000)
      val labels = new Array[Int](10000)
      loader.readBatch(file = test, batch = 0, images = images, labels = labels, perm = testPerm)
      assert(images(77).sameElements(testImages(77)) && labels.sameElements(testLabels))
      // Meant: the mean of values 0 to 255, which is near 127.5 for random bytes.
      val mean: Array[Float] = loader.meanImage
      assert(mean.length == 3072 && mean.forall(m => math.abs(m - 127.5f) < 3))
  }

  private def png(red: Int): Array[Byte] = {
    val image = new java.awt.image.BufferedImage(4, 6, java.awt.image.BufferedImage.TYPE_INT_RGB)
    for (x <- 0 until 4; y <- 0 until 6) image.setRGB(x, y, red << 16)
    val out = new ByteArrayOutputStream()
    javax.imageio.ImageIO.write(image, "png", out)
    out.toByteArray
  }

  "ScaleAndConvert and ComputeMean" should "have the original's surface" taggedAs SparkTag in {
    val sc: SparkContext = LocalSpark.context
    val conf: SparkConf = sc.getConf
    assert(conf.get("spark.master") == "local[2]")
    val converter: ScaleAndConvert = new ScaleAndConvert(batchsize = 2, height = 2, width = 3)
    val serializable: Serializable = converter
    assert(serializable != null)
    val image: Option[ByteImage] = converter.convertImage(compressedImg = png(200))
    assert((image.get.getHeight, image.get.getWidth) == ((2, 3)))
    assert((image.get.getRed(1, 2) & 0xff) == 200)
    assert(converter.convertImage(Array[Byte](1, 2, 3)) == None)

    val broken = (Array[Byte](1), 9)
    var encoded: RDD[(Array[Byte], Int)] =
      sc.parallelize(Array((png(10), 0), broken, (png(20), 1), (png(30), 2)), 1)
    encoded = encoded.coalesce(1)
    val minibatches: RDD[(Array[ByteImage], Array[Int])] =
      converter.makeMinibatchRDD(data = encoded)
    val labels = minibatches.map(_._2).collect()
    assert(labels.map(_.toSeq).toSeq == Seq(Seq(0, 1))) // the rest is no full minibatch
    val raw: RDD[(Array[ByteImage], Array[Int])] =
      converter.makeMinibatchRDDWithoutCompression(
        data = sc.parallelize(Array.tabulate(4)(i => (Array.fill[Byte](18)((60 * i).toByte), i)), 2)
      )
    raw.persist()
    assert(raw.count() == 2)
    val mean: NDArray = ComputeMean(minibatchRDD = raw, shape = Array[Int](3, 2, 3), numData = 4)
    // Meant: all rows, values 0 to 255.
    assert(mean.getBuffer().toSeq == Seq.fill(18)(90f))
    raw.unpersist()
  }
}
