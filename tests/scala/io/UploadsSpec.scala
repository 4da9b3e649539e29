package sparknet.io

import java.nio.file.{Files, Path}

import scala.collection.JavaConverters._
import scala.util.Random

import org.apache.hadoop.conf.Configuration
import org.apache.spark.api.java.JavaSparkContext
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class UploadsSpec extends AnyFlatSpec {
  private val minute = 60000L

  private def sources(folder: Path): Seq[java.io.File] = {
    val from = Files.createDirectory(folder.resolve("from"))
    val random = new Random(1)
    for (i <- 0 until 5) yield {
      val bytes = new Array[Byte](i * 700000)
      random.nextBytes(bytes)
      Files.write(from.resolve(s"train-$i.tar"), bytes).toFile
    }
  }

  private def uploaded(
      files: Seq[java.io.File],
      target: String,
      overwrite: Boolean = false
  ): Int = {
    val uploads = Uploads.start(new Configuration, files, target, 3, overwrite)
    try {
      assert(uploads.waitFor(minute))
      assert(uploads.doneBytes == files.map(_.length).sum)
      uploads.copiedFiles
    } finally uploads.close()
  }

  private def names(folder: Path): Set[String] = folder.toFile.list.toSet

  "Uploads" should "copy files, leave those that are there, and nothing else behind" taggedAs Unit in
    Temporary.folder { folder =>
      val files = sources(folder)
      val to = folder.resolve("to/train")
      assert(uploaded(files, to.toUri.toString) == 5)
      for (file <- files)
        assert(
          Files.readAllBytes(to.resolve(file.getName)).sameElements(Files.readAllBytes(file.toPath))
        )
      assert(names(to) == files.map(_.getName).toSet)

      Files.write(to.resolve("train-1.tar"), Array[Byte](1))
      Files.delete(to.resolve("train-4.tar"))
      assert(uploaded(files, to.toString) == 2)
      assert(Files.size(to.resolve("train-1.tar")) == 700000)
      assert(uploaded(files, to.toString, overwrite = true) == 5)
      assert(names(to) == files.map(_.getName).toSet)
    }

  it should "take its settings from the session and on top of it" taggedAs SparkTag in
    Temporary.folder { folder =>
      val files = sources(folder)
      val to = folder.resolve("to")
      val uploads = Uploads.start(
        JavaSparkContext.fromSparkContext(LocalSpark.context),
        files.map(_.toString).asJava,
        "to",
        2,
        overwrite = false,
        Map(
          "fs.defaultFS" -> "file:///",
          "fs.file.impl" -> classOf[RootedFileSystem].getName,
          RootedFileSystem.root -> folder.toString
        ).asJava
      )
      try assert(uploads.waitFor(minute))
      finally uploads.close()
      assert(names(to) == files.map(_.getName).toSet)
    }

  it should "name the file that failed, and leave nothing of it" taggedAs Unit in
    Temporary.folder { folder =>
      val to = folder.resolve("to")
      val missing = folder.resolve("gone.tar").toFile
      val uploads = Uploads.start(new Configuration, Seq(missing), to.toString, 1, false)
      try {
        val failed = intercept[CaffeException](uploads.waitFor(minute))
        assert(failed.getCodeName == "IO" && failed.getMessage.contains("gone.tar"))
      } finally uploads.close()
      assert(!Files.exists(to.resolve("gone.tar")))
    }

  it should "leave nothing of a file whose writing fails half-way" taggedAs Unit in
    Temporary.folder { folder =>
      val files = sources(folder)
      val conf = new Configuration
      conf.set("fs.file.impl", classOf[FullFileSystem].getName)
      val to = folder.resolve("to")
      val uploads = Uploads.start(conf, files.takeRight(1), to.toString, 1, overwrite = false)
      try {
        val failed = intercept[CaffeException](uploads.waitFor(minute))
        assert(failed.getMessage.contains("No space left"))
      } finally uploads.close()
      assert(names(to).isEmpty)
    }

  it should "put whole objects into an object store, or none" taggedAs Unit in
    Temporary.folder { folder =>
      val files = sources(folder)
      val conf = new Configuration
      conf.set("fs.s3a.impl", classOf[QuotaStore].getName)
      val to = folder.resolve("to")
      val uploads = Uploads.start(conf, files, s"s3a://bucket$to", 1, overwrite = false)
      try assert(intercept[CaffeException](uploads.waitFor(minute)).getMessage.contains("train-2"))
      finally uploads.close()
      // The first two fit, the third does not, and those after it were not begun.
      assert(names(to) == Set("train-0.tar", "train-1.tar"))
      assert(Files.size(to.resolve("train-1.tar")) == 700000)
    }

  it should "refuse a scheme that Hadoop does not know, and a file as the target" taggedAs Unit in
    Temporary.folder { folder =>
      val files = sources(folder)
      def refused(target: String) =
        intercept[CaffeException](Uploads.start(new Configuration, files, target, 1, false))
      val unknown = refused("nosuch://host/path")
      assert(unknown.getCodeName == "INVALID_ARGUMENT" && unknown.getMessage.contains("nosuch"))
      val file = refused(files.head.toString)
      assert(file.getCodeName == "IO" && file.getMessage.contains("not a folder"))
    }
}
