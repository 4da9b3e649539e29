package sparknet.ml

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.{CaffeException, Engine}
import support.Boundary

class NetPartsSpec extends AnyFlatSpec {
  private def parts(text: String): NetParts = NetParts.of(Engine.parseNetText(text))

  private val body =
    """layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
       layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
       layer { name: "out" type: "InnerProduct" bottom: "ip" top: "out" inner_product_param { num_output: 2 } }"""

  private val data =
    """layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TRAIN }
         transform_param { crop_size: 27 mirror: true mean_value: 104 } data_param { batch_size: 64 } }
       layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { batch_size: 50 } }"""

  private val loss =
    """layer { name: "accuracy" type: "Accuracy" bottom: "out" bottom: "label" top: "accuracy" include { phase: TEST } }
       layer { name: "loss" type: "SoftmaxWithLoss" bottom: "out" bottom: "label" top: "loss" }"""

  "The parts of a net" should "be known of a training net" taggedAs Boundary in {
    val net = parts(data + body + loss)
    assert(net.inputs == Seq("data") && net.labels == Seq("label"))
    assert(net.loss.get.getName == "loss" && net.batch.contains(64))
    assert(net.transform.get.getCropSize == 27 && net.shapeOf("data").isEmpty)
    assert(Head.of(net, "EuclideanLoss") == Head("SoftmaxWithLoss", "out", 1))
  }

  they should "be known of a deploy net" taggedAs Boundary in {
    val input = """input: "data" input_shape { dim: 1 dim: 4 }"""
    val softmax = """layer { name: "prob" type: "Softmax" bottom: "out" top: "prob" }"""
    val net = parts(input + body + softmax)
    assert(net.inputs == Seq("data") && net.labels.isEmpty && net.loss.isEmpty)
    assert(net.shapeOf("data").get.sameElements(Array(4)) && net.end == "prob")
    assert(net.batch.isEmpty) // that of its input is for use, not for training
    assert(Head.of(net, "SoftmaxWithLoss") == Head("SoftmaxWithLoss", "out", 1))
    assert(Head.of(net, "EuclideanLoss") == Head("EuclideanLoss", "prob", 1))
  }

  they should "be known of layers that read what no layer makes" taggedAs Boundary in {
    val net = parts(
      body + """layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "wanted" }"""
    )
    assert(net.inputs == Seq("data") && net.labels == Seq("wanted"))
    assert(Head.of(net, "SoftmaxWithLoss").raw == "out")
  }

  they should "tell labels that go through layers from data" taggedAs Boundary in {
    val sliced =
      """layer { name: "slice" type: "Slice" bottom: "label" top: "one" top: "two" slice_param { axis: 1 } }
         layer { name: "loss1" type: "EuclideanLoss" bottom: "out" bottom: "one" }
         layer { name: "loss2" type: "EuclideanLoss" bottom: "ip" bottom: "two" }"""
    val both = """layer { name: "auto" type: "EuclideanLoss" bottom: "out" bottom: "data" }"""
    assert(parts(body + sliced).labels == Seq("label"))
    assert(parts(body + both).labels.isEmpty && parts(body + both).inputs == Seq("data"))
  }

  they should "be what a blob needs, and no more" taggedAs Boundary in {
    val net = parts(data + body + loss)
    assert(net.upTo(Seq("ip")).map(_.getName) == Seq("ip", "relu"))
    assert(net.upTo(Seq("out")).map(_.getName) == Seq("ip", "relu", "out"))
    val error = intercept[CaffeException](net.upTo(Seq("oot")))
    assert(error.getMessage.contains("no blob 'oot'") && error.getMessage.contains("out"))
  }

  they should "not be guessed" taggedAs Boundary in {
    val two =
      body + """layer { name: "b" type: "InnerProduct" bottom: "data" top: "b" inner_product_param { num_output: 3 } }"""
    assert(intercept[CaffeException](parts(two).end).getMessage.contains("2 outputs (out, b)"))
    val pairs =
      """layer { name: "loss" type: "ContrastiveLoss" bottom: "out" bottom: "ip" bottom: "label" }"""
    val refused = intercept[CaffeException](Head.of(parts(body + pairs), "SoftmaxWithLoss"))
    assert(refused.getMessage.contains("ContrastiveLoss"))
    assert(intercept[CaffeException](parts(data)).getMessage.contains("no layers"))
  }

  "The net that is trained" should "have what was missing" taggedAs Boundary in {
    val net = parts(body)
    val head = Head.of(net, "SoftmaxWithLoss")
    val made = new NetForms(net, Seq(Array(4))).training(head, 20, 1, weighted = true)
    val layers = made.getLayerList.asScala
    assert(
      layers.map(_.getName) == Seq(
        "data",
        "label",
        "weight_of_item",
        "ip",
        "relu",
        "out",
        "loss",
        "accuracy"
      )
    )
    assert(layers(6).getBottomList.asScala == Seq("out", "label", "weight_of_item"))
    assert(layers(0).getJavaDataParam.getShape.getDimList.asScala == Seq(20L, 4L))
  }

  it should "have its own loss where it has one, and data of Spark's" taggedAs Boundary in {
    val net = parts(data + body + loss)
    val made = new NetForms(net, Seq(Array(4))).training(Head.of(net, ""), 20, 1, weighted = false)
    assert(
      made.getLayerList.asScala.map(_.getName) ==
        Seq("data", "label", "ip", "relu", "out", "accuracy", "loss")
    )
  }

  "The net that is used" should "take items and say probabilities" taggedAs Boundary in {
    val net = parts(data + body + loss)
    val forms = new NetForms(net, Seq(Array(4)))
    val head = Head.of(net, "")
    val made = forms.deploy(Seq(head.raw), forms.likely(head))
    assert(
      made.getLayerList.asScala
        .map(_.getType) == Seq("Input", "InnerProduct", "ReLU", "InnerProduct", "Softmax")
    )
    assert(forms.shapeOf("out").sameElements(Array(2)))
  }
}
