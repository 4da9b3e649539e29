package loaders

import java.io.File
import java.nio.file.{Files, Path}

import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.CaffeException
import support._

class CifarLoaderSpec extends AnyFlatSpec {
  private val record = 3073
  private val records = 10000

  /** Record i of file f: label i % 10, red i % 256, green f, blue 200. */
  private def file(f: Int): Array[Byte] = {
    val bytes = new Array[Byte](records * record)
    for (i <- 0 until records) {
      val start = i * record
      bytes(start) = (i % 10).toByte
      java.util.Arrays.fill(bytes, start + 1, start + 1025, i.toByte)
      java.util.Arrays.fill(bytes, start + 1025, start + 2049, f.toByte)
      java.util.Arrays.fill(bytes, start + 2049, start + 3073, 200.toByte)
    }
    bytes
  }

  private def cifar(test: Path => Any): Any = Temporary.folder { dir =>
    for (f <- 1 to 5) Files.write(dir.resolve(s"data_batch_$f.bin"), file(f))
    Files.write(dir.resolve("test_batch.bin"), file(6))
    Files.write(dir.resolve("batches.meta.txt"), Array.empty[Byte])
    test(dir)
  }

  "CifarLoader" should "read all files, train images in random order" taggedAs Unit in cifar {
    dir =>
      val loader = new CifarLoader(dir.toString)
      assert(loader.fileList.map(_.getName) == (1 to 5).map(f => s"data_batch_$f.bin"))
      assert(loader.testFile == new File(dir.toFile, "test_batch.bin"))
      assert((loader.height, loader.width, loader.channels, loader.size) == ((32, 32, 3, 3072)))
      assert((loader.batchSize, loader.nBatches, loader.nData) == ((10000, 5, 50000)))

      for (i <- Seq(0, 1, 255, 9999)) {
        assert(loader.testLabels(i) == i % 10)
        val image = loader.testImages(i)
        assert((image(0), image(1024), image(3071)) == ((i.toByte, 6.toByte, 200.toByte)))
      }
      assert(loader.trainPerm.sorted == loader.indices.toVector)
      assert(loader.trainPerm.take(10) != Vector.range(0, 10))
      for (source <- Seq(0, 12345, 49999)) {
        val image = loader.trainImages(loader.trainPerm(source))
        assert(loader.trainLabels(loader.trainPerm(source)) == source % 10)
        assert((image(0), image(1024)) == (((source % 10000).toByte, (source / 10000 + 1).toByte)))
      }

      val red = (0 until 10000).map(i => (i % 256).toLong).sum / 10000.0
      assert(math.abs(loader.meanImage(17) - red) < 1e-4)
      assert(loader.meanImage(1024) == 3f)
      assert(loader.meanImage(3071) == 200f)
  }

  it should "name the file and the record at fault" taggedAs Unit in cifar { dir =>
    val good = file(3)
    val path = dir.resolve("data_batch_3.bin")
    def failure(bytes: Array[Byte]) = {
      Files.write(path, bytes)
      intercept[CaffeException](new CifarLoader(dir.toString))
    }
    val short = failure(good.take(7 * record + 100))
    assert(short.getCodeName == "PARSE")
    assert(short.getMessage.contains("data_batch_3.bin") && short.getMessage.contains("record 7"))
    assert(failure(good :+ 0.toByte).getMessage.contains("record 10000"))
    good(42 * record) = 10
    val label = failure(good)
    assert(label.getMessage.contains("data_batch_3.bin: record 42 has label 10"))
  }

  it should "name the folder that lacks files" taggedAs Unit in cifar { dir =>
    Files.delete(dir.resolve("data_batch_2.bin"))
    val missing = intercept[CaffeException](new CifarLoader(dir.toString))
    assert(missing.getCodeName == "IO")
    assert(missing.getMessage.contains(dir.toString))
    assert(missing.getMessage.contains("data_batch_1.bin, data_batch_3.bin"))
    val nowhere = intercept[CaffeException](new CifarLoader(dir.resolve("nowhere").toString))
    assert(nowhere.getMessage.contains("nowhere, which has: none"))
  }
}
