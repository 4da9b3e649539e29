package sparknet.data

import java.nio.file.{Files, Path, Paths}

import org.apache.hadoop.fs.FileSystem
import org.apache.spark.SparkException
import org.apache.spark.api.java.{JavaRDD, JavaSparkContext}
import org.apache.spark.rdd.RDD
import org.apache.spark.storage.StorageLevel
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.io.{OtherFileSystem, UnsteadyFileSystem}
import sparknet.jna.CaffeException

class DatasetSpec extends AnyFlatSpec with OnCluster {
  private val shape = Array(3)

  private def examples(n: Int, partitions: Int): RDD[(Array[Byte], Int)] =
    sc.parallelize(0 until n, partitions).map(i => (Array(i, 2 * i, 255).map(_.toByte), i))

  private def refused(dataset: => Dataset): CaffeException =
    intercept[CaffeException](dataset.count())

  private def labels(d: Dataset): Seq[Seq[Float]] =
    d.rdd
      .mapPartitions(blocks => Iterator(blocks.flatMap(_.labels).toArray))
      .collect()
      .map(_.toSeq)
      .toSeq

  "A Dataset" should "count its items and find their mean" taggedAs SparkTag in {
    for (partitions <- Seq(1, 3)) {
      val data = Dataset.fromExamples(examples(5, partitions), shape)
      assert(data.count() == 5 && data.partitionCounts().length == partitions)
      assert(data.mean().sameElements(Array(2f, 4f, 255f)))
      data.unpersist()
    }
    val floats = Dataset.fromFloatExamples(
      sc.parallelize(Seq((Array(0.5f, 1f), 0), (Array(1.5f, -1f), 1))),
      Array(2)
    )
    assert(floats.mean().sameElements(Array(1f, 0f)))
  }

  it should "deal items out anew, evenly and in a fixed order" taggedAs SparkTag in {
    val data = Dataset.fromExamples(examples(100, 3), shape)
    val dealt = labels(data.repartition(4))
    assert(dealt.map(_.length).forall(n => n >= 24 && n <= 26))
    assert(dealt.flatten.sorted == (0 until 100).map(_.toFloat))
    assert(labels(data.repartition(4)) == dealt)
    assert(labels(data.repartition(1)).flatten.length == 100)
  }

  it should "name the record that is of another size" taggedAs SparkTag in {
    val bad = examples(10, 2).map { case (item, i) => (if (i == 7) item.take(2) else item, i) }
    val failure = refused(Dataset.fromExamples(bad, shape))
    assert(failure.getMessage == "bad data: record 2 of partition 1 has 2 values instead of 3 (3)")
    val none = examples(3, 1).map { case (item, i) => (if (i == 1) null else item, i) }
    assert(
      refused(Dataset.fromExamples(none, shape)).getMessage.contains("record 1 of partition 0")
    )
    assert(refused(Dataset.fromExamples(bad, shape).repartition(3)).getMessage.contains("2 values"))
  }

  it should "refuse a shape without extent" taggedAs SparkTag in {
    for (wrong <- Seq(Array.empty[Int], Array(3, 0)))
      assert(refused(Dataset.fromExamples(examples(1, 1), wrong)).getCodeName == "INVALID_ARGUMENT")
  }

  it should "take packed items from Python" taggedAs SparkTag in {
    val packed = Array[Byte](1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 64, 7, 8, 9)
    val data = Dataset.fromPacked(JavaRDD.fromRDD(sc.parallelize(Seq(packed, packed), 1)), shape)
    assert(data.count() == 2 && data.mean().sameElements(Array(7f, 8f, 9f)))
    assert(labels(data) == Seq(Seq(3f, 3f)))
    val cut = Dataset.fromPacked(JavaRDD.fromRDD(sc.parallelize(Seq(packed.init), 1)), shape)
    assert(refused(cut).getMessage.contains("partition 0"))
  }

  it should "send the driver's arrays apart from tasks" taggedAs SparkTag in {
    val parts = for (part <- 0 until 3) yield {
      val values = Array.tabulate(100000)(i => (part + i).toFloat)
      val block = new Block(Array(1000), Array.fill(100)(part.toFloat), null, values)
      val file = Files.createTempFile("block", ".bin")
      Files.write(file, Block.pack(block))
      (file, values)
    }
    val files = parts.map(_._1)
    val data = Dataset.fromPackedFiles(
      new JavaSparkContext(sc),
      java.util.Arrays.asList(files.map(_.toString): _*),
      Array(1000)
    )
    assert(files.forall(!Files.exists(_)))
    assert(data.count() == 300 && data.partitionCounts().toSeq == Seq(100L, 100L, 100L))
    val read = data.rdd.map(block => (block.labels(0), block.floats.toSeq)).collect()
    assert(read.toSeq == parts.zipWithIndex.map { case ((_, v), i) => (i.toFloat, v.toSeq) })
    // A task brings its partition along, in each round again.
    for (partition <- data.rdd.partitions) {
      val bytes = new java.io.ByteArrayOutputStream
      new java.io.ObjectOutputStream(bytes).writeObject(partition)
      assert(bytes.size < 2000)
    }
  }

  it should "find labels that are no classes" taggedAs SparkTag in {
    val data = Dataset.fromExamples(examples(6, 2), shape)
    data.checkLabels(6)
    val failure = intercept[CaffeException](data.checkLabels(5))
    assert(failure.getCodeName == "NUMERIC")
    assert(failure.getMessage.contains("label 5.0 of record 2 of partition 1"))
    assert(failure.getMessage.contains("0 to 4"))

    val labels = Array(0.5f, 0f, -1f, 1f, 7f, 2f) // a number and a class for each item
    val blocks = Seq(new Block(Array(1), labels, 2, null, new Array[Byte](3), null))
    val mixed = Dataset(sc.parallelize(blocks, 1), Array(1), blocks.head.labelling)
    mixed.checkLabels(3, 1, 1)
    val two = intercept[CaffeException](mixed.checkLabels(2, 1, 1)).getMessage
    assert(two.contains("label 2.0 of record 2 of partition 0"))
    val number = intercept[CaffeException](mixed.checkLabels(10, 0, 1)).getMessage
    assert(number.contains("label 0.5 of record 0 of partition 0"))
  }

  private def writeCifar(folder: Path, records: Int): Unit =
    for (name <- (1 to 5).map(i => s"data_batch_$i.bin") :+ "test_batch.bin") {
      val record =
        Array.tabulate(records)(i => (i % 10).toByte +: Array.fill(3072)(i.toByte)).flatten
      Files.write(folder.resolve(name), record)
    }

  it should "read CIFAR-10's binary files" taggedAs SparkTag in Temporary.folder { folder =>
    writeCifar(folder, 20)
    val train = Dataset.cifar(sc, folder.toString, train = true, 2)
    assert(train.partitionCounts().toSeq == Seq(50L, 50L) && train.shape.toSeq == Seq(3, 32, 32))
    assert(train.mean().forall(_ == 9.5f))
    val ofClass = labels(train).flatten.groupBy(label => label)
    assert(ofClass.size == 10 && ofClass.values.forall(_.length == 10))
    assert(Dataset.cifar(sc, folder.toString, train = false, 3).count() == 20)
  }

  it should "read them from any file system" taggedAs SparkTag in Temporary.folder { folder =>
    sc.hadoopConfiguration.set("fs.named.impl", classOf[OtherFileSystem].getName)
    writeCifar(folder, 20)
    for (place <- Seq(s"file:$folder", s"named:$folder", s"named://$folder/"))
      assert(Dataset.cifar(sc, place, train = true, 2).mean().forall(_ == 9.5f))
    def failure = intercept[CaffeException](Dataset.cifar(sc, s"named:$folder", train = true, 2))
    val file = folder.resolve("data_batch_2.bin")
    Files.write(file, Files.readAllBytes(file).init)
    assert(failure.getMessage.startsWith(s"named:$file is truncated"))
    Files.delete(file)
    assert(failure.getCodeName == "IO")
    assert(failure.getMessage.startsWith(s"named:$file: there is no such file"))
  }

  it should "name the CIFAR-10 file that is wrong" taggedAs SparkTag in Temporary.folder { folder =>
    writeCifar(folder, 20)
    val file = folder.resolve("data_batch_3.bin")
    def failure = intercept[CaffeException](Dataset.cifar(sc, folder.toString, train = true, 2))
    val whole = Files.readAllBytes(file)
    Files.write(file, whole.init)
    assert(failure.getMessage.contains("data_batch_3.bin is truncated"))
    whole(3073 * 4) = 10
    Files.write(file, whole)
    assert(failure.getMessage.contains("record 4 has the label 10"))
    Files.delete(file)
    assert(
      failure.getCodeName == "IO" && failure.getMessage.contains("data_batch_3.bin is missing")
    )
  }

  private def image(name: String): Array[Byte] = {
    val stream = getClass.getResourceAsStream(s"/images/$name")
    try stream.readAllBytes()
    finally stream.close()
  }

  /** Twenty images of four kinds, and `bad` records that are none. */
  private def images(bad: Int): RDD[Either[BadRecord, ImageRecord]] = {
    val names = Seq("rgb.jpg", "grey.jpg", "cmyk.jpg", "rgb.png")
    val good = (0 until 20).map(i => Right(ImageRecord(s"$i", image(names(i % 4)), i)))
    val broken = (0 until bad).map { i =>
      if (i % 2 == 0) Left(BadRecord(BadRecord.noLabel, s"bad$i"))
      else Right(ImageRecord(s"bad$i", Array[Byte](1, 2, 3), 0))
    }
    sc.parallelize(good ++ broken, 3)
  }

  for (keepEncoded <- Seq(false, true))
    it should s"decode and count images, encoded = $keepEncoded" taggedAs SparkTag in {
      val data = Dataset.fromImages(images(2), 6, 5, keepEncoded)
      assert(data.shape.toSeq == Seq(3, 6, 5) && data.count() == 20)
      assert(labels(data).flatten.sorted == (0 until 20).map(_.toFloat))
      assert(data.leftOut.counts == Map(BadRecord.noLabel -> 1L, BadRecord.notAnImage -> 1L))
      // Four kinds of images, five of each.
      val planes = Seq("rgb.jpg", "grey.jpg", "cmyk.jpg", "rgb.png").map { name =>
        ImageCodec.planes(image(name), 6, 5).toOption.get.map(_ & 0xff)
      }
      val expected = planes.transpose.map(_.sum / 4.0)
      Numbers.assertClose(data.mean().toSeq, expected)
      val packed = data.packed.rdd.collect().map(Block.unpack(_, data.shape))
      assert(packed.flatMap(_.labels).sorted.toSeq == (0 until 20).map(_.toFloat))
      assert(data.repartition(4).leftOut == data.leftOut)
      data.unpersist()
    }

  it should "warn once of what is left out, dealt out anew or not" taggedAs SparkTag in {
    val data = Dataset.fromImages(images(3), 6, 5, maxBadShare = 0.2)
    Logged.by(classOf[Dataset]) { lines =>
      val dealt = data.repartition(4)
      assert(data.count() == 20 && dealt.count() == 20 && data.mean().length == 90)
      assert(
        lines().map(line => (line.level, line.text.takeWhile(_ != ':'))) ==
          Seq(("WARN", "3 of 23 records left out"))
      )
    }
    val kept = Dataset.fromImages(images(3), 6, 5, maxBadShare = 0.2)
    kept.notices.keep()
    kept.repartition(2).count()
    assert(kept.notices.take().startsWith("WARNING\u00003 of 23 records left out: 2 no label"))
  }

  it should "stop with the list where too many images are bad" taggedAs SparkTag in {
    val failure = refused(Dataset.fromImages(images(3), 6, 5))
    assert(failure.getCodeName == "INVALID_ARGUMENT")
    for (
      part <- Seq("3 of 23 records left out", "2 no label (bad0, bad2)", "1 not an image (bad1)")
    ) assert(failure.getMessage.contains(part))
    assert(Dataset.fromImages(images(3), 6, 5, maxBadShare = 0.2).count() == 20)
    assertThrows[CaffeException](Dataset.fromImages(images(0), 6, 5, maxBadShare = 2))
  }

  /** Two tars of two images each, read again at each use. */
  private def ofTars(folder: Path, scheme: String = "file"): Dataset = {
    Files.writeString(folder.resolve("_labels"), "a.png 0\nb.png 1\n")
    for (tar <- Seq("1.tar", "2.tar")) {
      val entries = Seq("a.png", "b.png").map(TarFiles.Entry(_, image("rgb.png")))
      Files.write(folder.resolve(tar), TarFiles.tar(entries: _*))
    }
    val options = new java.util.HashMap[String, Object]
    options.put("storage", "NONE")
    val (tars, labels) = (s"$scheme:$folder/", s"file:$folder/_labels")
    val data = Dataset.fromImageFiles(JavaSparkContext.fromSparkContext(sc), tars, labels, options)
    assert(data.count() == 4)
    data
  }

  private def again(data: Dataset): String =
    intercept[SparkException](data.mean()).getMessage

  it should "name the tar that is gone or cut since it was counted" taggedAs SparkTag in
    Temporary.folder { folder =>
      val data = ofTars(folder)
      val tar = folder.resolve("2.tar")
      val whole = Files.readAllBytes(tar)
      val entry = whole.indexOfSlice("b.png".getBytes)
      val was = s"CaffeException (IO): file://$tar: was"
      Files.write(tar, whole.take(entry + 600))
      assert(
        again(data).contains(s"$was read to its end when the data were counted, now it is cut off")
      )
      // The same through the shuffle that deals items out.
      assert(
        intercept[SparkException](data.repartition(3).count()).getMessage.contains("is cut off")
      )
      // Cut where a file in it ends nothing is wrong with it.
      Files.write(tar, whole.take(entry))
      val shorter = again(data)
      assert(shorter.contains(s"partition 1 of the data (file://$tar) is not what it was"))
      assert(shorter.contains("block 0 has 1 items instead of 2"))
      Files.delete(tar)
      assert(again(data).contains(s"$was there when the data were counted, now it is gone"))
      Files.write(tar, whole)
      assert(data.mean().length == 3 * 256 * 256)
    }

  it should "not become shorter when its storage stops answering" taggedAs SparkTag in
    Temporary.folder { folder =>
      sc.hadoopConfiguration.setClass(
        "fs.unsteady.impl",
        classOf[UnsteadyFileSystem],
        classOf[FileSystem]
      )
      val silence = folder.resolve("_silence")
      sc.hadoopConfiguration.set(UnsteadyFileSystem.silence, silence.toString)
      val data = ofTars(folder, "unsteady").persist("MEMORY_ONLY")
      val mean = data.mean().toSeq
      data.rdd.unpersist(blocking = true)
      data.persist("MEMORY_ONLY")
      Files.createFile(silence)
      val failed = again(data)
      Files.delete(silence)
      assert(failed.contains("sparknet.data.StorageException (IO): unsteady:"))
      assert(failed.contains(".tar: connection refused"))
      assert(data.mean().toSeq == mean) // What was kept is not what was read in between.
      data.unpersist()
    }

  it should "say what a function of the user's threw, and ask it again" taggedAs SparkTag in
    Temporary.folder { folder =>
      val sign = folder.resolve("failing").toString // executors see it, too
      Files.createFile(Paths.get(sign))
      val items = examples(10, 2).map { case (item, i) =>
        if (i == 7 && Files.exists(Paths.get(sign))) throw new IllegalStateException("no seven")
        (item, i)
      }
      val data = Dataset.fromExamples(items, shape)
      for (_ <- 1 to 2) {
        val failure = refused(data)
        assert(failure.getCodeName == "CALLBACK")
        assert(failure.getMessage.startsWith("java.lang.IllegalStateException: no seven (at "))
      }
      Files.delete(Paths.get(sign))
      assert(data.count() == 10 && data.rdd.getStorageLevel == StorageLevel.MEMORY_AND_DISK)
      data.unpersist()
      Files.createFile(Paths.get(sign))
      val dealt = Dataset.fromExamples(items, shape).repartition(3)
      assert(refused(dealt).getMessage.contains("no seven"))
    }

  it should "be kept in the way that its storage level says" taggedAs SparkTag in {
    for (name <- Seq("DISK_ONLY", "MEMORY_ONLY_SER", "NONE")) {
      val data = Dataset.fromExamples(examples(9, 2), shape).persist(name)
      assert(data.rdd.getStorageLevel == StorageLevel.fromString(name) && data.count() == 9)
      assert(data.mean().sameElements(Array(4f, 8f, 255f)))
      data.unpersist()
    }
    val unknown =
      intercept[CaffeException](Dataset.fromExamples(examples(9, 2), shape).persist("X"))
    assert(unknown.getMessage.contains("no storage level 'X'"))
  }
}
