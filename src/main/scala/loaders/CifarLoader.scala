package loaders

import java.io.{File, RandomAccessFile}

import scala.util.Random

import sparknet.jna.{CaffeException, Status}

/** Loads CIFAR-10 from a folder with its binary files: the train images in random order, the test
  * images in that of their file. All is read here and now.
  *
  * A record has 3073 bytes: a label 0 to 9, then the red, green and blue planes of 32x32 by rows.
  */
class CifarLoader(path: String) {
  val height: Int = 32
  val width: Int = 32
  val channels: Int = 3
  val size: Int = channels * height * width
  val batchSize: Int = 10000
  val nBatches: Int = 5
  val nData: Int = nBatches * batchSize

  val trainImages: Array[Array[Byte]] = new Array(nData)
  val trainLabels: Array[Int] = new Array(nData)
  val testImages: Array[Array[Byte]] = new Array(batchSize)
  val testLabels: Array[Int] = new Array(batchSize)

  val r: Random = new Random
  val indices: Iterable[Int] = Vector.range(0, nData)
  val trainPerm: Vector[Int] = r.shuffle(indices).toVector
  val testPerm: Vector[Int] = Vector.range(0, batchSize)

  val fullFileList: List[File] = getListOfFiles(path)
  val testFile: File = new File(path, "test_batch.bin")
  val fileList: List[File] =
    fullFileList.filter(_.getName != testFile.getName).take(nBatches)

  if (fileList.length < nBatches || !testFile.isFile)
    throw new CaffeException(
      Status.IO,
      s"CIFAR-10 needs $nBatches files *.bin and ${testFile.getName} in $path, which has: " +
        (if (fullFileList.isEmpty) "none" else fullFileList.map(_.getName).mkString(", "))
    )
  for ((file, batch) <- fileList.zipWithIndex)
    readBatch(file, batch, trainImages, trainLabels, trainPerm)
  readBatch(testFile, 0, testImages, testLabels, testPerm)

  /** Mean of the train images, values 0 to 255 in the order of a record. */
  val meanImage: Array[Float] = {
    val sums = new Array[Int](size)
    for (image <- trainImages) {
      var i = 0
      while (i < size) {
        sums(i) += image(i) & 0xff
        i += 1
      }
    }
    sums.map(sum => (sum.toDouble / nData).toFloat)
  }

  /** The files of a folder whose names end in ".bin", by name; none if it is not a folder. */
  def getListOfFiles(dir: String): List[File] =
    Option(new File(dir).listFiles)
      .fold(List.empty[File])(_.toList)
      .filter(file => file.isFile && file.getName.endsWith(".bin"))
      .sortBy(_.getName)

  /** Reads a file of [[batchSize]] records: record i of batch b goes to position
    * `perm(b * batchSize + i)`.
    */
  def readBatch(
      file: File,
      batch: Int,
      images: Array[Array[Byte]],
      labels: Array[Int],
      perm: Vector[Int]
  ): Unit = {
    val records = readAll(file, batchSize * (size + 1))
    for (i <- 0 until batchSize) {
      val start = i * (size + 1)
      val label = records(start) & 0xff
      if (label > 9)
        throw new CaffeException(Status.PARSE, s"$file: record $i has label $label, not 0 to 9")
      val position = perm(batch * batchSize + i)
      labels(position) = label
      images(position) = records.slice(start + 1, start + 1 + size)
    }
  }

  private def readAll(file: File, expected: Int): Array[Byte] = {
    val bytes = new Array[Byte](expected)
    try {
      val in = new RandomAccessFile(file, "r")
      try {
        if (in.length != expected) throw wrongSize(file, in.length, expected)
        in.readFully(bytes)
      } finally in.close()
    } catch {
      case e: java.io.IOException =>
        throw new CaffeException(Status.IO, s"$file cannot be read: ${e.getMessage}", e)
    }
    bytes
  }

  private def wrongSize(file: File, found: Long, expected: Int) = new CaffeException(
    Status.PARSE,
    s"$file has $found bytes, not $expected: " +
      s"record ${found / (size + 1)} of $batchSize is incomplete or too much"
  )
}
