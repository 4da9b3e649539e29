package libs

import caffe.Caffe.{NetParameter, SolverParameter}
import sparknet.jna.{Engine, LinearSoftmax}

/** The softmax regression of LinearSoftmax for images of 3x1x1: data and labels come through
  * `replaceDataLayers`, 4 a minibatch.
  */
object SmallSolver {
  val net: NetParameter =
    ProtoLoader.replaceDataLayers(Engine.parseNetText(LinearSoftmax.net), 4, 4, 3, 1, 1)

  val param: SolverParameter = Engine
    .parseSolverText(LinearSoftmax.solver())
    .toBuilder
    .setNetParam(net)
    .build()

  /** LinearSoftmax's data in images, all values 10 higher to be bytes. */
  val images: Array[ByteImage] =
    LinearSoftmax.data
      .grouped(3)
      .map(rgb => new ByteImage(rgb.map(v => (v + 10).toByte), 1, 1))
      .toArray

  val labels: Array[Int] = LinearSoftmax.labels.map(_.toInt)

  def sampler(batches: Int): MinibatchSampler =
    new MinibatchSampler(Iterator.fill(batches)((images, labels)), batches, batches)

  /** Undoes the shift. */
  val preprocessing: Option[(ByteImage, Array[Float]) => Unit] =
    Some { (image: ByteImage, buffer: Array[Float]) =>
      image.cropInto(buffer, Array(0, 0), Array(1, 1))
      for (i <- buffer.indices) buffer(i) -= 10
    }
}
