package sparknet.io

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class HomeFilesSpec extends AnyFlatSpec {

  "HomeFiles" should "find the nets that belong to SparkNet" taggedAs Unit in {
    val net = HomeFiles.file("caffe/examples/cifar10/cifar10_quick_solver.prototxt")
    val text = scala.io.Source.fromFile(net)
    try assert(text.mkString.contains("max_iter: 4000"))
    finally text.close()
  }

  it should "say where it has looked" taggedAs Unit in {
    val failed = intercept[CaffeException](HomeFiles.file("caffe/no.prototxt"))
    assert(failed.getCodeName == "IO")
    assert(failed.getMessage.contains("caffe/no.prototxt") && failed.getMessage.contains("the jar"))
  }
}
