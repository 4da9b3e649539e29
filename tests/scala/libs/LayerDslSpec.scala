package libs

import scala.collection.JavaConverters._

import caffe.Caffe.{NetParameter, Phase}
import com.google.protobuf.TextFormat
import org.scalatest.flatspec.AnyFlatSpec
import support._

class LayerDslSpec extends AnyFlatSpec {
  private val net = NetParam(
    "LeNet",
    RDDLayer("data", shape = List(64, 1, 28, 28), None),
    RDDLayer("label", List(64, 1), Some(Include.Train)),
    ConvolutionLayer("conv1", List("data"), kernel = (5, 4), numOutput = 20),
    PoolingLayer("pool1", List("conv1"), pooling = Pooling.Max, kernel = (2, 3), stride = (4, 5)),
    PoolingLayer("pool2", List("pool1"), Pooling.Ave, (2, 2), (2, 2)),
    InnerProductLayer("ip1", List("pool2"), numOutput = 500),
    ReLULayer("relu1", List("ip1")),
    SoftmaxWithLoss("loss", List("relu1", "label"))
  )

  "The layer DSL" should "give the messages of the same prototxt" taggedAs Unit in {
    val expected = TextFormat.parse(
      """name: "LeNet"
        |layer { name: "data" type: "JavaData" top: "data"
        |  java_data_param { shape { dim: 64 dim: 1 dim: 28 dim: 28 } } }
        |layer { name: "label" type: "JavaData" top: "label" include { phase: TRAIN }
        |  java_data_param { shape { dim: 64 dim: 1 } } }
        |layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        |  convolution_param { num_output: 20 kernel_h: 5 kernel_w: 4 } }
        |layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
        |  pooling_param { pool: MAX kernel_h: 2 kernel_w: 3 stride_h: 4 stride_w: 5 } }
        |layer { name: "pool2" type: "Pooling" bottom: "pool1" top: "pool2"
        |  pooling_param { pool: AVE kernel_h: 2 kernel_w: 2 stride_h: 2 stride_w: 2 } }
        |layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1"
        |  inner_product_param { num_output: 500 } }
        |layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "relu1" relu_param { } }
        |layer { name: "loss" type: "SoftmaxWithLoss" bottom: "relu1" bottom: "label" top: "loss"
        |  loss_param { } softmax_param { } }
        |""".stripMargin,
      classOf[NetParameter]
    )
    assert(net == expected)
  }

  it should "survive serialisation" taggedAs Unit in {
    assert(NetParameter.parseFrom(net.toByteArray) == net)
    assert(net.toString.contains("JavaData"))
  }

  "replaceDataLayers" should "put JavaData layers for each phase in front" taggedAs Unit in {
    val file = layers("Data:TRAIN", "Data:TEST", "InnerProduct", "SoftmaxWithLoss")
    val replaced = ProtoLoader.replaceDataLayers(file, 100, 50, 3, 32, 24)
    val summary = replaced.getLayerList.asScala.map { layer =>
      val dims = layer.getJavaDataParam.getShape.getDimList.asScala.mkString("x")
      val phase = if (layer.getIncludeCount > 0) layer.getInclude(0).getPhase.toString else "both"
      s"${layer.getType} ${layer.getName} $dims $phase"
    }
    assert(
      summary == Seq(
        "JavaData data 50x3x32x24 TEST",
        "JavaData label 50x1 TEST",
        "JavaData data 100x3x32x24 TRAIN",
        "JavaData label 100x1 TRAIN",
        "InnerProduct layer2  both",
        "SoftmaxWithLoss layer3  both"
      )
    )
  }

  it should "find data layers wherever they are, else take the first two" taggedAs Unit in {
    def kept(net: NetParameter) = ProtoLoader
      .replaceDataLayers(net, 1, 1, 3, 1, 1)
      .getLayerList
      .asScala
      .drop(4)
      .map(_.getName)
    assert(kept(layers("ReLU", "ImageData:TRAIN", "ReLU")) == Seq("layer0", "layer2"))
    assert(kept(layers("JavaData", "JavaData", "JavaData", "JavaData", "ReLU")) == Seq("layer4"))
    assert(kept(layers("DummyData", "DummyData", "ReLU", "ReLU")) == Seq("layer2", "layer3"))
  }

  private def layers(kinds: String*): NetParameter = {
    val net = NetParameter.newBuilder()
    for ((kind, i) <- kinds.zipWithIndex) {
      val layer = net.addLayerBuilder().setName(s"layer$i").setType(kind.takeWhile(_ != ':'))
      if (kind.contains(':')) layer.addIncludeBuilder().setPhase(Phase.valueOf(kind.split(':')(1)))
    }
    net.build()
  }

}
