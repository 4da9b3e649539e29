package sparknet.data

import java.io.IOException
import java.net.URI
import java.nio.file.attribute.PosixFilePermissions
import java.nio.file.{Files, Path}
import java.util.concurrent.CountDownLatch

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.FileSystem
import org.apache.spark.SparkException
import org.scalatest.flatspec.AnyFlatSpec
import support.TarFiles.{entry, gzip, link, paxTar, tar}
import support._

import sparknet.io.UnsteadyFileSystem
import sparknet.jna.CaffeException

class ImageTarsSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context
  private val conf = new Configuration
  private val labels = ('a' to 'h').map(c => s"$c.JPEG" -> c.toInt).toMap

  /** What is read of one file, in its order: name -> content and label, or reason -> name. */
  private def read(bytes: Array[Byte]): Seq[(String, String)] = Temporary.folder { dir =>
    Files.write(dir.resolve("x.tar"), bytes)
    val files = ImageTars.list(conf, dir.toString)
    shown(ImageTars.records(sc, files, labels, None).collect().toSeq, dir)
  }

  private def shown(
      records: Seq[Either[BadRecord, ImageRecord]],
      dir: Path
  ): Seq[(String, String)] = records.map {
    case Right(image) => image.name -> s"${new String(image.bytes, "UTF-8")} ${image.label}"
    case Left(bad)    => bad.reason -> bad.name.replace(dir.toUri.toString.stripSuffix("/"), "")
  }

  private val good = Seq(entry("a.JPEG", "first"), entry("b.JPEG", "second"))
  private val both = Seq("a.JPEG" -> "first 97", "b.JPEG" -> "second 98")
  private val itself = "file:///x.tar".stripPrefix("file://")

  "ImageTars" should "read entries in folders, with long names, of gzipped tars" taggedAs
    SparkTag in {
      assert(read(tar(good: _*)) == both)
      assert(read(gzip(tar(good: _*))) == both)
      val deep = "folder/" * 30
      val nested = Seq(
        entry("n/", ""),
        entry("n/a.JPEG", "first"),
        entry(s"${deep}b.JPEG", "second"),
        entry("n/._a.JPEG", "not a picture")
      )
      assert(read(tar(nested: _*)) == both)
      assert(read(paxTar(nested: _*)) == both)
      assert(read(tar()).isEmpty)
    }

  it should "count entries that cannot be used" taggedAs SparkTag in {
    val entries =
      Seq(entry("n/z.JPEG", "?"), good.head, entry("c.JPEG", ""), good.last, entry("README", "!"))
    assert(
      read(tar(entries: _*)) ==
        Seq("no label" -> "z.JPEG", both.head, "empty file" -> "c.JPEG", both.last) :+
        ("no label" -> "README")
    )
    assert(read(link("a.JPEG", "b.JPEG")) == Seq("link" -> "a.JPEG"))
  }

  it should "use what comes before a tar's end or damage" taggedAs SparkTag in {
    val whole = tar(good: _*)
    // Headers are at 0 and 1024, contents at 512 and 1536.
    val truncated = both.take(1) :+ ("truncated tar" -> itself)
    for (length <- Seq(1024 + 100, 1024 + 512, 1536 + 3))
      assert(read(whole.take(length)) == truncated, length)
    assert(read(whole.take(512 + 3)) == Seq("truncated tar" -> itself))
    assert(read(whole.take(1024)) == both.take(1)) // A tar may lack its mark of the end.
    val zipped = gzip(tar(good.head, TarFiles.Entry("b.JPEG", noise(100000))))
    assert(read(zipped.take(zipped.length - 1000)) == truncated)
    val damaged = whole.clone()
    damaged(1024 + 130) = '9'
    assert(read(damaged) == both.take(1) :+ ("damaged tar" -> itself))
  }

  it should "count files that are no tars, empty or gone" taggedAs SparkTag in {
    assert(read(Array.empty) == Seq("empty file" -> itself))
    for (bytes <- Seq("no tar".getBytes, noise(10000), gzip(noise(10000))))
      assert(read(bytes) == Seq("not a tar" -> itself))
    Temporary.folder { dir =>
      for (name <- Seq("1.tar", "2.tar")) Files.write(dir.resolve(name), tar(good: _*))
      val records =
        ImageTars.records(sc, ImageTars.list(conf, s"file:$dir"), labels, Some(1))
      Files.delete(dir.resolve("1.tar"))
      val found = shown(records.collect().toSeq, dir)
      assert(found == ("missing file" -> "/1.tar") +: both)
    }
  }

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

  it should "not take a storage that fails in the middle for bad records" taggedAs SparkTag in {
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
        assert(shown(records.collect().toSeq, dir) == both)
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

  private def noise(length: Int): Array[Byte] = {
    val bytes = new Array[Byte](length)
    new java.util.Random(1).nextBytes(bytes)
    bytes
  }

  it should "deal files out to partitions and close them when a task stops early" taggedAs
    SparkTag in Temporary.folder { dir =>
      for (i <- 1 to 5) Files.write(dir.resolve(s"$i.tar"), tar(good: _*))
      val files = ImageTars.list(conf, dir.toString)
      def records(n: Option[Int]) = ImageTars.records(sc, files, labels, n)
      assert(records(None).getNumPartitions == 5)
      val two = records(Some(2))
      assert(two.getNumPartitions == 2 && two.count() == 10)
      assert(two.glom().collect().forall(_.length >= 4))
      val before = openFiles(dir)
      assert(two.first().isRight)
      assert(openFiles(dir) == before)
      val refused = intercept[CaffeException](records(Some(0)))
      assert(refused.getMessage.contains("at least 1"))
    }

  private def openFiles(dir: Path): Int = {
    val open = Option(new java.io.File("/proc/self/fd").listFiles).toSeq.flatten
    open.count(fd => fd.getCanonicalPath.startsWith(dir.toRealPath().toString))
  }

  it should "list files at any depth in order, without hidden ones" taggedAs Unit in
    Temporary.folder { dir =>
      Files.createDirectories(dir.resolve("train/b/_temporary"))
      val names = Seq("train/b/2.tar", "train/a b.tar", "train/b/1.tar", "trainer.tar", "val.tar")
      for (name <- names ++ Seq("train/_SUCCESS", "train/.1.tar.crc", "train/b/_temporary/9.tar"))
        Files.write(dir.resolve(name), Array[Byte](1))
      def listed(uri: String) =
        ImageTars.list(conf, uri).map(_.getPath.stripPrefix(s"$dir/"))
      val train = Seq("train/a b.tar", "train/b/1.tar", "train/b/2.tar")
      assert(listed(s"$dir/train") == train && listed(s"file:$dir/train/") == train)
      assert(listed(s"$dir/val.tar") == Seq("val.tar"))
      assert(listed(s"$dir/tr") == train :+ "trainer.tar") // A prefix, as in S3.
    }

  it should "name the URI when there is nothing or it may not be read" taggedAs Unit in
    Temporary.folder { dir =>
      def refused(uri: String) = intercept[CaffeException](ImageTars.list(conf, uri)).getMessage
      assert(refused(s"$dir/none/").contains(s"$dir/none/: there is no such file or folder"))
      assert(refused(s"$dir/none").contains(s"$dir/none: there is no such file or folder"))
      assert(refused(s"$dir").contains("there are no files"))
      assert(refused("nosuch://x/y").contains("nosuch"))
      assert(refused("hdfs://no-such-host.invalid/x").contains("no-such-host.invalid"))
      val locked = Files.createDirectory(dir.resolve("locked"))
      Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("---------"))
      if (Files.isReadable(locked)) info("not tested: this user may read every folder")
      else assert(refused(s"$locked").contains("locked"))
      Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"))
    }
}
