package sparknet.data

import java.io.IOException
import java.net.URI
import java.nio.file.{Files, Path}
import java.util.concurrent.CountDownLatch

import org.apache.hadoop.fs.FileSystem
import org.apache.spark.SparkException
import org.scalatest.flatspec.AnyFlatSpec
import support.TarFiles.{entry, tar}
import support._

import sparknet.io.UnsteadyFileSystem

/** Of a storage that is in this JVM, and so are its tasks. */
class TarReaderSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context
  private val labels = Map("a.JPEG" -> 97, "b.JPEG" -> 98)
  private val good = Seq(entry("a.JPEG", "first"), entry("b.JPEG", "second"))

  /** Reads a tar of an unsteady storage, of which something comes after the first image. */
  private def unsteady(what: () => Int)(body: Path => scala.Unit): scala.Unit =
    Temporary.folder { dir =>
      sc.hadoopConfiguration.setClass(
        "fs.unsteady.impl",
        classOf[UnsteadyFileSystem],
        classOf[FileSystem]
      )
      Files.write(dir.resolve("x.tar"), tar(good: _*))
      UnsteadyFileSystem.after = (1024L, what)
      try body(dir)
      finally UnsteadyFileSystem.after = UnsteadyFileSystem.steady
      assert(UnsteadyFileSystem.open.get == 0)
    }

  "TarReader" should "not take a storage that fails in the middle for bad records" taggedAs
    SparkTag in {
      val reset = () => throw new IOException("connection reset")
      for ((what, told) <- Seq(reset -> "connection reset", (() => -1) -> "ended after 1024 of"))
        unsteady(what) { dir =>
          val uri = s"unsteady:$dir/x.tar"
          val (files, known) = (sc.parallelize(Seq(URI.create(uri)), 1), labels)
          val records = ImageTars.records(files, name => known.get(name))
          val failed = intercept[SparkException](records.collect()).getMessage
          assert(failed.contains("sparknet.data.StorageException (IO): ") && failed.contains(told))
          assert(failed.contains(uri))
          UnsteadyFileSystem.after = UnsteadyFileSystem.steady
          val images = records.collect().toSeq.collect { case Right(image) => image }
          assert(images.map(image => image.name -> image.label) == labels.toSeq.sorted)
        }
    }

  it should "be closed by who reads it where that waits for an answer" taggedAs Unit in {
    val answer = new CountDownLatch(1)
    def wait(): Int = {
      answer.await()
      -1
    }
    unsteady(() => wait()) { dir =>
      val reader =
        new TarReader(URI.create(s"unsteady:$dir/x.tar"), sc.hadoopConfiguration, labels.get(_))
      val thread = new Thread(() =>
        try reader.foreach(_ => ())
        catch { case _: IOException => () }
      )
      thread.start()
      while (thread.getState != Thread.State.WAITING) Thread.sleep(10)
      reader.close()
      assert(UnsteadyFileSystem.open.get == 1)
      answer.countDown()
      thread.join()
    }
  }
}
