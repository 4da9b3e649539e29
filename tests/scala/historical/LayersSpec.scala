package historical

import scala.collection.JavaConverters._

import caffe._
import caffe.Caffe._
import libs._
import org.scalatest._

/** The layer helpers, and the names of generated messages that the original uses. */
class LayersSpec extends FlatSpec {
  "The layer helpers" should "have the original's surface" taggedAs support.Unit in {
    val train: Include.Include = Include.Train
    val max: Pooling.Pooling = Pooling.Max
    val long: List[java.lang.Long] = List(64, 1, 28, 28)
    val data: LayerParameter = RDDLayer(name = "data", shape = long, include = Some(train))
    val label: LayerParameter = RDDLayer("label", shape = List(64, 1), Some(Include.Test))
    val conv: LayerParameter =
      ConvolutionLayer(name = "conv1", bottom = List("data"), kernel = (5, 3), numOutput = 20)
    val pool: LayerParameter = PoolingLayer(
      name = "pool1",
      bottom = List("conv1"),
      pooling = max,
      kernel = (2, 3),
      stride = (2, 1)
    )
    val ave = PoolingLayer("pool2", List("pool1"), Pooling.Ave, (2, 2), (2, 2))
    val ip: LayerParameter = InnerProductLayer(name = "ip1", bottom = List("pool2"), numOutput = 10)
    val relu: LayerParameter = ReLULayer(name = "relu1", bottom = List("ip1"))
    val loss: LayerParameter = SoftmaxWithLoss(name = "loss", bottom = List("relu1", "label"))
    val net: NetParameter = NetParam(name = "LeNet", data, label, conv, pool, ave, ip, relu, loss)

    assert(net.getName == "LeNet" && net.toString.contains("conv1") && net.toByteArray.nonEmpty)
    assert(net.getLayerList.asScala.map(_.getTop(0)) == net.getLayerList.asScala.map(_.getName))
    val types = List(
      "JavaData",
      "JavaData",
      "Convolution",
      "Pooling",
      "Pooling",
      "InnerProduct",
      "ReLU",
      "SoftmaxWithLoss"
    )
    assert(net.getLayerList.asScala.map(_.getType).toList == types)
    assert(data.getInclude(0).getPhase == Phase.TRAIN && label.getInclude(0).getPhase == Phase.TEST)
    assert(data.getJavaDataParam.getShape.getDimList.asScala.toList == long)
    val window = conv.getConvolutionParam
    assert((window.getKernelH, window.getKernelW, window.getNumOutput) == ((5, 3, 20)))
    assert(!window.hasWeightFiller && !ip.getInnerProductParam.hasWeightFiller)
    val pooling = pool.getPoolingParam
    assert((pooling.getKernelH, pooling.getKernelW) == ((2, 3)))
    assert((pooling.getStrideH, pooling.getStrideW) == ((2, 1)))
    assert(pooling.getPool == PoolingParameter.PoolMethod.MAX)
    assert(ave.getPoolingParam.getPool == PoolingParameter.PoolMethod.AVE)
    assert(relu.getBottom(0) == "ip1" && relu.getTop(0) == "relu1")
    assert(loss.hasLossParam && loss.hasSoftmaxParam)
    assert(Include.values.size == 2 && Pooling.values.size == 2)
  }

  "The generated messages" should "have the original's names" taggedAs support.Unit in {
    val shape: BlobShape = BlobShape.newBuilder().addDim(2).build()
    val layer: LayerParameter = LayerParameter
      .newBuilder()
      .setName("a")
      .setJavaDataParam(JavaDataParameter.newBuilder().setShape(shape).build())
      .addInclude(NetStateRule.newBuilder().setPhase(Phase.TRAIN))
      .setConvolutionParam(ConvolutionParameter.newBuilder())
      .setPoolingParam(PoolingParameter.newBuilder().build())
      .setInnerProductParam(InnerProductParameter.newBuilder().build())
      .setReluParam(ReLUParameter.newBuilder().build())
      .setLossParam(LossParameter.newBuilder().build())
      .setSoftmaxParam(SoftmaxParameter.newBuilder().build())
      .build()
    val builder: NetParameter.Builder = NetParameter.newBuilder()
    builder.setName("net")
    builder.addLayer(layer)
    builder.addLayer(0, layer.toBuilder.setName("b").build())
    builder.setLayer(1, layer.toBuilder().setName("c").build())
    val more: java.lang.Iterable[LayerParameter] = List(layer).asJava
    builder.addAllLayer(more)
    val net: NetParameter = NetParameter.parseFrom(builder.build().toByteArray())
    assert(net.getLayerList.asScala.map(_.getName).toList == List("b", "c", "a"))

    val solver: SolverParameter.Builder = SolverParameter.newBuilder()
    solver.setSnapshot(1).setSnapshotPrefix("p").setNet("n").setNetParam(net)
    solver.clearSnapshot()
    solver.clearNet()
    val built: SolverParameter = SolverParameter.parseFrom(solver.build().toByteArray)
    assert(!built.hasSnapshot && built.getSnapshotPrefix == "p" && !built.hasNet)
    assert(!built.toBuilder.clearSnapshotPrefix().build().hasSnapshotPrefix)
    val qualified: Caffe.SolverParameter = built
    assert(qualified.getNetParam == net)
  }
}
