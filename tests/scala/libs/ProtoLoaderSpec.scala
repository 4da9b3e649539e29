package libs

import java.nio.file.{Files, Path}

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec
import sparknet.jna.{CaffeException, LinearSoftmax}
import support._

class ProtoLoaderSpec extends AnyFlatSpec {
  private def withFiles[A](test: (String, String) => A): A = Temporary.folder { folder =>
    val (solver, net) = (folder.resolve("solver.prototxt"), folder.resolve("net.prototxt"))
    Files.writeString(
      solver,
      """train_net: "elsewhere.prototxt" base_lr: 0.25 snapshot: 100 snapshot_prefix: "p" """
    )
    Files.writeString(net, LinearSoftmax.net)
    test(solver.toString, net.toString)
  }

  "ProtoLoader" should "read a solver and a net" taggedAs Boundary in withFiles { (solver, net) =>
    assert(ProtoLoader.loadSolverPrototxt(solver).getBaseLr == 0.25f)
    assert(ProtoLoader.loadNetPrototxt(net).getName == "linear")
  }

  it should "put a net into a solver" taggedAs Boundary in withFiles { (solver, netFile) =>
    val net = ProtoLoader.loadNetPrototxt(netFile)
    val plain = ProtoLoader.loadSolverPrototxtWithNet(solver, net, None)
    assert(plain.getNetParam == net && !plain.hasNet && !plain.hasTrainNet)
    assert(!plain.hasSnapshot && !plain.hasSnapshotPrefix && plain.getBaseLr == 0.25f)
    val snapshots = ProtoLoader.loadSolverPrototxtWithNet(solver, net, Some("elsewhere/x"))
    assert(snapshots.getSnapshot == 100 && snapshots.getSnapshotPrefix == "elsewhere/x")
    assert(ProtoLoader.loadSolverWithNetPrototxt(solver, netFile, None) == plain)
  }

  it should "name files that are missing" taggedAs Boundary in {
    val missing = intercept[CaffeException](ProtoLoader.loadNetPrototxt("no/where.prototxt"))
    assert(missing.getCodeName == "IO" && missing.getMessage.contains("no/where.prototxt"))
  }

  it should "replace the data layers of our models" taggedAs Boundary in {
    val folder = Path.of("caffe")
    for (
      (file, size) <- Seq(
        "examples/cifar10/cifar10_full_train_test.prototxt" -> 32,
        "examples/cifar10/cifar10_quick_train_test.prototxt" -> 32,
        "models/bvlc_reference_caffenet/train_val.prototxt" -> 227
      )
    ) {
      val net = ProtoLoader.loadNetPrototxt(folder.resolve(file).toString)
      val replaced = ProtoLoader.replaceDataLayers(net, 8, 4, 3, size, size)
      val types = replaced.getLayerList.asScala.map(_.getType)
      assert(types.take(4).forall(_ == "JavaData") && !types.drop(4).exists(_.endsWith("Data")))
      assert(replaced.getLayerCount == net.getLayerCount + 2)
    }
  }
}
