package sparknet.ml

import java.io.{InputStream, OutputStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Paths}
import java.util.UUID

import scala.collection.mutable.ArrayBuffer

import caffe.Caffe.NetParameter
import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.Path

import sparknet.io.{BulkTransfer, Storage}
import sparknet.jna.{CaffeException, Engine, NativeNet, Status}
import sparknet.train.Trainer

/** A net that can be used, with its weights, as it travels to the tasks.
  *
  * @param net
  *   a serialised NetParameter with Input layers
  * @param weights
  *   the bytes of a caffemodel in pieces: no array has the size of the net
  */
private[ml] final class TrainedNet(net: Array[Byte], weights: Array[Array[Byte]])
    extends Serializable {

  /** No other net of this application has it. */
  val id: String = UUID.randomUUID.toString

  def proto: NetParameter = NetParameter.parseFrom(net)

  /** The net with its weights, in the TEST phase.
    *
    * @return
    *   with it, which layers took weights and which did not
    */
  def make(threads: Int): (NativeNet, String) = {
    val made = NativeNet.fromBytes(net, NativeNet.Test, threads, seed = -1)
    try {
      val report = withFile(made.load)
      (made, report)
    } catch {
      case e: Throwable =>
        made.close()
        throw e
    }
  }

  /** Writes `deploy.prototxt` and `weights.caffemodel`, which Caffe reads too. */
  def save(folder: Path, conf: Configuration): Unit = {
    val fs = folder.getFileSystem(conf)
    def file(name: String)(content: OutputStream => Unit): Unit = {
      val out = fs.create(new Path(folder, name), true)
      try content(out)
      finally out.close()
    }
    file(TrainedNet.netFile)(_.write(Engine.toText(proto).getBytes(UTF_8)))
    file(TrainedNet.weightsFile)(write)
  }

  private def write(out: OutputStream): Unit = weights.foreach(out.write)

  private def withFile[A](use: String => A): A = {
    val folder = BulkTransfer.directory(weights.iterator.map(_.length.toLong).sum)
    val file = Files.createTempFile(Paths.get(folder), "net-", ".caffemodel")
    try {
      val out = Files.newOutputStream(file)
      try write(out)
      finally out.close()
      use(file.toString)
    } finally Files.delete(file)
  }
}

private[ml] object TrainedNet {
  private val netFile = "deploy.prototxt"
  private val weightsFile = "weights.caffemodel"
  private val pieceBytes = 4 << 20

  /** With the weights of a caffemodel, of which the net must have every layer that learns.
    *
    * @param place
    *   of the caffemodel, a path or a URI, for messages
    * @return
    *   with it, which layers took weights, and which layers the file has besides
    */
  def of(net: NetParameter, caffemodel: InputStream, place: String): (TrainedNet, String) = {
    val made = new TrainedNet(net.toByteArray, pieces(caffemodel))
    val (check, said) = made.make(threads = 1)
    check.close()
    val report = said.replaceFirst("^\\S*net-\\S*?: ", s"$place: ")
    if (report.contains("not in the file")) throw new CaffeException(Status.BAD_NET, report)
    (made, report)
  }

  /** With the weights of a trainer as they are. */
  def of(trainer: Trainer, net: NetParameter): TrainedNet = {
    val folder = BulkTransfer.directory(4L * trainer.layout.count)
    val file = Files.createTempFile(Paths.get(folder), "trained-", ".caffemodel")
    try {
      trainer.saveWeights(file.toString)
      val in = Files.newInputStream(file)
      try of(net, in, "the trained net")._1
      finally in.close()
    } finally Files.delete(file)
  }

  /** What [[TrainedNet.save]] wrote. */
  def load(folder: Path, conf: Configuration): TrainedNet = Storage.reading(folder.toString) {
    val fs = folder.getFileSystem(conf)
    def read[A](name: String)(content: InputStream => A): A = {
      val in = fs.open(new Path(folder, name))
      try content(in)
      finally in.close()
    }
    val text = read(netFile)(in => new String(in.readAllBytes, UTF_8))
    val weights = read(weightsFile)(pieces)
    new TrainedNet(Engine.parseNetText(text).toByteArray, weights)
  }

  private def pieces(in: InputStream): Array[Array[Byte]] = {
    val all = ArrayBuffer.empty[Array[Byte]]
    var piece = in.readNBytes(pieceBytes)
    while (piece.nonEmpty) {
      all += piece
      piece = in.readNBytes(pieceBytes)
    }
    all.toArray
  }
}
