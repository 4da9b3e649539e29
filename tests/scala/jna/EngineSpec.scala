package sparknet.jna

import java.nio.file.{Files, Path}

import caffe.Caffe.NetParameter
import org.scalatest.flatspec.AnyFlatSpec
import support._

class EngineSpec extends AnyFlatSpec {
  "Engine" should "have the version of the build" taggedAs Boundary in {
    val pom = Files.readString(Path.of("build", "pom.xml"))
    assert(Engine.version == "<version>([^<]+)".r.findFirstMatchIn(pom).get.group(1))
  }

  it should "list its layer types" taggedAs Boundary in {
    assert(Engine.layerTypes.toSeq == Engine.layerTypes.sorted.toSeq)
    assert(
      Set("Convolution", "InnerProduct", "JavaData", "Pooling").subsetOf(Engine.layerTypes.toSet)
    )
  }

  it should "tell how many threads a net has by default" taggedAs Boundary in {
    assert(Engine.defaultThreads >= 1)
  }

  it should "seed the weights of nets" taggedAs Boundary in {
    val text = LinearSoftmax.net.replace(
      "num_output: 2",
      "num_output: 2 weight_filler { type: \"gaussian\" }"
    )
    val net = Engine.parseNetText(text).toByteArray
    def weights(seed: Long) =
      Closing.using(NativeNet.fromBytes(net, NativeNet.Train, threads = 1, seed))(
        _.param("ip", 0).read(0).toSeq
      )
    assert(weights(5) == weights(5) && weights(5) != weights(6))
  }

  it should "read and write prototxts" taggedAs Boundary in {
    val net = Engine.parseNetText(LinearSoftmax.net)
    assert(net.getName == "linear" && net.getLayerCount == 5)
    assert(Engine.parseNetText(Engine.toText(net)) == net)
    val solver = Engine.parseSolverText("base_lr: 0.25 lr_policy: \"fixed\" net: \"ü.prototxt\"")
    assert(solver.getBaseLr == 0.25f && solver.getNet == "ü.prototxt")
    assert(Engine.parseSolverText(Engine.toText(solver)) == solver)
    assert(Engine.parseNetText("") == NetParameter.getDefaultInstance)
  }

  it should "upgrade the old form of inputs" taggedAs Boundary in {
    val net = Engine.parseNetText("input: 'x' input_shape { dim: 2 dim: 3 }")
    assert(net.getInputCount == 0 && net.getLayer(0).getType == "Input")
  }

  it should "say where a prototxt is wrong" taggedAs Boundary in Temporary.folder { folder =>
    val file = folder.resolve("wrong.prototxt")
    Files.writeString(file, "name: \"x\"\nlayer { nmae: \"y\" }\n")
    val wrong = intercept[CaffeException](Engine.parseNet(file.toString))
    assert(wrong.getCodeName == "PARSE" && wrong.getCode == Status.PARSE.code)
    assert(wrong.getMessage.contains(file.toString))
    assert(wrong.getMessage.contains("nmae") && wrong.getMessage.contains("2:"))
    val missing = intercept[CaffeException](Engine.parseSolver(s"$folder/none.prototxt"))
    assert(missing.getCodeName == "IO" && missing.getMessage.contains("none.prototxt"))
  }

  it should "log into files, one after the other" taggedAs Boundary in Temporary.folder { folder =>
    try {
      for (name <- Seq("a.log", "b.log")) {
        Engine.logTo(folder.resolve(name).toString, 0)
        val solver = LinearSoftmax.solver("display: 1 test_iter: 1 test_interval: 1000000")
        Closing.using(NativeSolver.fromText(solver)) { solver =>
          solver.net.setFeed(LinearSoftmax.feed)
          solver.step(1)
        }
        assert(Files.readString(folder.resolve(name)).contains("loss"))
      }
      val nowhere =
        intercept[CaffeException](Engine.logTo(folder.resolve("no/where.log").toString, 0))
      assert(nowhere.getCodeName == "IO" && nowhere.getMessage.contains("where.log"))
    } finally Engine.logTo(null, 1)
  }

  it should "refuse a working directory that does not exist" taggedAs Boundary in {
    val failure = intercept[CaffeException](Engine.setWorkingDirectory("/no/where"))
    assert(failure.getCodeName == "IO" && failure.getMessage.contains("/no/where"))
  }

  it should "go on with the CPU when asked for a GPU" taggedAs Boundary in {
    Engine.setGpuMode(true)
    Engine.setDevice(0)
    Engine.setGpuMode(false)
  }
}
