package sparknet.data

import java.io.{File, IOException}
import java.nio.file.Files

import org.apache.hadoop.conf.Configuration

import sparknet.io.Places
import sparknet.jna.{CaffeException, Status}

/** CIFAR-10's binary files: records of one label byte and 3 x 32 x 32 pixel bytes, planes R, G, B. */
private[data] object CifarFiles {
  val shape: Array[Int] = Array(3, 32, 32)
  private val pixels = 3 * 32 * 32
  private val classes = 10
  private val trainFiles = (1 to 5).map(i => s"data_batch_$i.bin")
  private val testFiles = Seq("test_batch.bin")

  /** One block for each file of the training or test set, in file order.
    *
    * @param folder
    *   a path of this machine or a URI
    */
  def read(conf: Configuration, folder: String, train: Boolean): Seq[Block] = {
    val places = new Places(conf)
    (if (train) trainFiles else testFiles).map { name =>
      places.reading(s"${folder.stripSuffix("/")}/$name")(path => readFile(new File(path)))
    }
  }

  private def readFile(file: File): Block = {
    if (!file.isFile)
      fail(s"$file is missing; caffe/data/cifar10/get_cifar10.sh fetches CIFAR-10")
    val content =
      try Files.readAllBytes(file.toPath)
      catch { case e: IOException => fail(s"cannot read $file: ${e.getMessage}") }
    val record = 1 + pixels
    if (content.isEmpty || content.length % record != 0)
      fail(s"$file is truncated: its ${content.length} bytes are not whole records of $record")
    val count = content.length / record
    val labels = Array.tabulate(count)(i => (content(i * record) & 0xff).toFloat)
    labels.indexWhere(_ >= classes) match {
      case -1 =>
      case i  =>
        fail(s"$file is not CIFAR-10: record $i has the label ${labels(i).toInt}, not 0 to 9")
    }
    val images = new Array[Byte](count * pixels)
    for (i <- 0 until count)
      System.arraycopy(content, i * record + 1, images, i * pixels, pixels)
    new Block(shape, labels, images, null)
  }

  private def fail(message: String): Nothing = throw new CaffeException(Status.IO, message)
}
