package sparknet.net

import java.nio.file.Paths
import java.util.{List => JList, Map => JMap}

import scala.collection.JavaConverters._

import caffe.Caffe.{
  FillerParameter,
  LayerParameter,
  NetStateRule,
  ParamSpec,
  Phase,
  PoolingParameter
}
import com.fasterxml.jackson.databind.ObjectMapper
import com.google.protobuf.TextFormat
import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.Engine
import support._

class LayersSpec extends AnyFlatSpec {

  "Layers" should "agree with the cases that Python runs too" taggedAs Unit in {
    val file = Paths.get("tests", "resources", "cases", "layers", "cases.json")
    val cases = new ObjectMapper().readValue(file.toFile, classOf[JList[JMap[String, AnyRef]]])
    assert(cases.size > 50)
    cases.asScala.foreach { entry =>
      val (kind, name) = (entry.get("type").toString, entry.get("name").toString)
      val fields = entry.get("fields").asInstanceOf[JMap[String, AnyRef]].asScala.toSeq
      def made =
        Layers(kind).of(Seq("name" -> name, "bottom" -> entry.get("bottom")) ++ fields)
      withClue(s"$entry: ") {
        if (entry.containsKey("error"))
          assert(intercept[IllegalArgumentException](made).getMessage == entry.get("error"))
        else {
          val expected = LayerParameter.newBuilder().setName(name).setType(kind)
          TextFormat.merge(entry.get("prototxt").toString, expected)
          assert(made == expected.build())
        }
      }
    }
  }

  it should "have every type of the engine" taggedAs Boundary in {
    assert(Engine.layerTypes.toSet.diff(Layers.types.toSet).isEmpty)
    assert(Layers.types == Layers.types.sorted)
  }

  it should "take names, tuples, messages and constants as Scala writes them" taggedAs Unit in {
    val filler = FillerParameter.newBuilder().setType("xavier").build()
    val convolution = Layers.Convolution(
      "conv",
      Seq("data"),
      num_output = 20,
      kernel_size = (5, 3),
      weight_filler = filler,
      bias_filler = Fields("value" -> 0.5f),
      param = Seq(Fields("lr_mult" -> 1), Map("lr_mult" -> 2)),
      include = Phase.TRAIN
    )
    val expected = LayerParameter
      .newBuilder()
      .setType("Convolution")
      .setName("conv")
      .addBottom("data")
      .addTop("conv")
      .addParam(ParamSpec.newBuilder().setLrMult(1))
      .addParam(ParamSpec.newBuilder().setLrMult(2))
      .addInclude(NetStateRule.newBuilder().setPhase(Phase.TRAIN))
    expected.getConvolutionParamBuilder
      .setNumOutput(20)
      .addKernelSize(5)
      .addKernelSize(3)
      .setWeightFiller(filler)
      .getBiasFillerBuilder
      .setValue(0.5f)
    assert(convolution == expected.build())

    val byType = Layers("Pooling")("p", Seq("x"), "pool" -> PoolingParameter.PoolMethod.AVE)
    assert(byType == Layers.Pooling(name = "p", bottom = "x", pool = Some("AVE"), pad = None))
    assert(byType.getPoolingParam.getPool == PoolingParameter.PoolMethod.AVE)
    assert(Layers.ReLU("r", Seq("x"), Seq("x")).getTopList.asScala == Seq("x"))
  }

  it should "refuse what is not a layer" taggedAs Unit in {
    def message(body: => Any) = intercept[IllegalArgumentException](body).getMessage
    assert(message(Layers.ReLU(bottom = "x")) == "a ReLU layer needs a name")
    assert(
      message(
        Layers.ReLU("r", "x", "y", 3)
      ) == "ReLU layer: only name, bottom, top go without a name"
    )
    assert(
      message(Layers.Pooling("p", "x", pool = Phase.TEST)) ==
        "Pooling layer 'p': field pool: a value of type Phase is not one of MAX, AVE, STOCHASTIC"
    )
    assert(message(Layers.Power("p", "x", shift = 1e39)).contains("field shift: 1.0E39 is not"))
    assert(message(Layers.Power("p", "x", shift = ParamSpec.getDefaultInstance)).contains("shift"))
  }

  it should "name the fields of a type" taggedAs Unit in {
    assert(Layers.Embed.fields.contains("input_dim"))
    assert(Layers.SoftmaxWithLoss.fields.toSet.intersect(Set("axis", "ignore_label")).size == 2)
    assert(Layers.Silence.fields.isEmpty)
  }
}
