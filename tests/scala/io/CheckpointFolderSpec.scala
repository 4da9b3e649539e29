package sparknet.io

import java.nio.file.{Files, Path}

import scala.collection.JavaConverters._

import org.apache.hadoop.conf.Configuration
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, FloatMemory}

class CheckpointFolderSpec extends AnyFlatSpec {
  private val values = Array.tabulate(1000)(i => i * 0.1f)

  private def open(place: String, keep: Int = 2): CheckpointFolder =
    new CheckpointFolder(conf, place, keep)

  private def conf: Configuration = {
    val made = new Configuration
    made.set("fs.named.impl", classOf[OtherFileSystem].getName)
    made.set("fs.small.impl", classOf[SmallFileSystem].getName)
    made
  }

  private def write(folder: CheckpointFolder, iteration: Long): String =
    folder.write(iteration, Map("who" -> s"run $iteration"))(
      _.floats("w.f32", FloatMemory.of(values.map(_ + iteration)))
    )

  private def read(from: CheckpointFolder#Checkpoint): Array[Float] = {
    val into = new FloatMemory(values.length)
    from.floats("w.f32", into)
    into.toArray
  }

  private def refusal(body: => Any): String = {
    val refused = intercept[CaffeException](body)
    assert(refused.getCodeName == "IO")
    refused.getMessage
  }

  for (scheme <- Seq("", "file:", "named:"))
    "A CheckpointFolder" should s"keep the last few, at '$scheme'" taggedAs Unit in
      Temporary.folder { base =>
        val folder = open(s"$scheme$base/run")
        folder.probe()
        assert(folder.all.isEmpty)
        for (iteration <- Seq(5, 90, 100)) write(folder, iteration.toLong)
        assert(folder.all.map(_.note("who")) == Seq("run 100", "run 90"))
        assert(read(folder.all(1)).sameElements(values.map(_ + 90)))
        assert(folder.all.head.has("w.f32") && !folder.all.head.has("x"))
        assert(base.resolve("run").toFile.list.sorted.toSeq == Seq("iter_100", "iter_90"))
        write(folder, 100) // the same again
        assert(folder.all.length == 2 && read(folder.all.head).sameElements(values.map(_ + 100)))
        assert(refusal(folder.all.head.floats("w.f32", new FloatMemory(999))).contains("more than"))
        assert(refusal(folder.all.head.floats("w.f32", new FloatMemory(1001))).contains("w.f32"))
      }

  /** All ways to spoil the files of a checkpoint. */
  private def spoilt(folder: Path): Seq[(String, () => Unit)] = {
    val files = Files.list(folder).iterator.asScala.toSeq.sortBy(_.toString)
    assert(files.length == 2)
    files.flatMap { file =>
      val bytes = Files.readAllBytes(file)
      val name = file.getFileName.toString
      Seq(
        s"$name gone" -> (() => Files.delete(file)),
        s"$name empty" -> (() => { Files.write(file, Array.empty[Byte]); () }),
        s"$name cut" -> (() => { Files.write(file, bytes.take(bytes.length / 2)); () }),
        s"$name longer" -> (() => { Files.write(file, bytes :+ 'x'.toByte); () })
      ) ++ (bytes.indices by math.max(1, bytes.length / 20)).map { i =>
        s"$name byte $i" -> (() => {
          Files.write(file, bytes.updated(i, (bytes(i) ^ 4).toByte)); ()
        })
      }
    }
  }

  it should "tell what of a checkpoint is not as it was written" taggedAs Unit in
    Temporary.folder { base =>
      val folder = open(base.toString)
      write(folder, 7)
      def own = base.resolve(base.toFile.list.toSeq.head)
      val comment = Files.readAllLines(own.resolve("checkpoint.properties")).asScala
      val header = comment.takeWhile(_.startsWith("#")).map(_.length + 1).sum // not what is noted
      for (i <- spoilt(own).indices) {
        write(folder, 7)
        val (how, spoil) = spoilt(own)(i)
        val inComment = """properties byte (\d+)""".r.findFirstMatchIn(how)
        if (!inComment.exists(_.group(1).toInt < header) && how != "checkpoint.properties longer") {
          spoil()
          val saved = folder.all.head
          withClue(how)(assert(refusal {
            saved.note("who"); read(saved)
          }.contains(s"${own.getFileName}/")))
        }
      }
    }

  it should "not count what was cut off, and remove it" taggedAs Unit in Temporary.folder { base =>
    val folder = open(base.toString, keep = 1)
    write(folder, 1)
    Files.createDirectory(base.resolve("iter_2"))
    Files.write(base.resolve("iter_2/w.f32"), Array[Byte](1))
    Files.createDirectory(base.resolve("iter_x"))
    assert(folder.all.map(_.place.takeRight(6)) == Seq("iter_2", "iter_1"))
    assert(refusal(folder.all.head.note("who")).contains("no such file"))
    write(folder, 3)
    assert(base.toFile.list.sorted.toSeq == Seq("iter_3", "iter_x"))
  }

  it should "have one of an iteration until the next one of it is whole" taggedAs Unit in
    Temporary.folder { base =>
      val folder = open(base.toString)
      def there = base.toFile.list.sorted.toSeq
      def again(who: String, value: Float)(body: => Unit = ()): Unit = {
        folder.write(7, Map("who" -> who)) { files =>
          files.floats("w.f32", FloatMemory.of(values.map(_ + value)))
          body
        }
        ()
      }
      write(folder, 5)
      again("first", 1)()
      // Cut off while it is written, as the end of the process would.
      intercept[CaffeException](again("second", 2) {
        assert(there == Seq("iter_5", "iter_7", "iter_7_1"))
        assert(refusal(folder.all.head.note("who")).contains("iter_7_1/checkpoint.properties"))
        assert(folder.all(1).note("who") == "first" && read(folder.all(1))(0) == 1)
        throw new IllegalStateException
      })
      assert(folder.all.map(_.note("who")) == Seq("first", "run 5"))
      again("third", 3)()
      assert(there == Seq("iter_5", "iter_7_1"))
      // Cut off before the other one is removed.
      write(open(s"$base/other"), 7)
      Files.move(base.resolve("other/iter_7"), base.resolve("iter_7"))
      Files.delete(base.resolve("other"))
      assert(folder.all.map(_.note("who")) == Seq("third", "run 7", "run 5"))
      again("fourth", 4)()
      assert(there == Seq("iter_5", "iter_7_2") && read(folder.all.head)(0) == 4)
      write(folder, 6) // a run that went back
      assert(there == Seq("iter_6", "iter_7_2"))
    }

  it should "leave nothing of a checkpoint that cannot be written" taggedAs Unit in
    Temporary.folder { base =>
      val folder = open(base.toString)
      write(folder, 1)
      val failed = intercept[CaffeException](folder.write(2, Map.empty) { files =>
        files.floats("w.f32", FloatMemory.of(values))
        throw new IllegalStateException("no more")
      })
      assert(failed.getMessage.contains("no more") && folder.all.length == 1)
      val full = new CheckpointFolder(conf, s"small:$base", 2)
      val big = FloatMemory.of(new Array[Float]((1 << 18) + 1))
      val told = refusal(full.write(3, Map.empty)(_.floats("big.f32", big)))
      assert(told.matches("small:.*/iter_3/big.f32 cannot be written: No space left on device"))
      assert(base.toFile.list.toSeq == Seq("iter_1") && read(full.all.head).length == 1000)
      Files.write(base.resolve("file"), Array[Byte](0))
      assert(refusal(open(s"$base/file/run").probe()).contains("checkpoints in"))
      assert(intercept[CaffeException](open(base.toString, 0)).getCodeName == "INVALID_ARGUMENT")
    }
}
