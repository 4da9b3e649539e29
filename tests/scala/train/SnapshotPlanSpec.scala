package sparknet.train

import java.nio.file.Files

import caffe.Caffe.{BlobProto, SolverParameter, SolverState}
import org.apache.hadoop.conf.Configuration
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.io.Places
import sparknet.jna.CaffeException

class SnapshotPlanSpec extends AnyFlatSpec {

  "SnapshotPlan" should "be due when a round passes a multiple" taggedAs Unit in {
    val plan = SnapshotPlan(100, "p")
    assert(plan.due(90, 100) && plan.due(95, 105) && plan.due(0, 250))
    assert(!plan.due(100, 110) && !plan.due(0, 99))
    assert(!SnapshotPlan.none.due(0, 1000))
  }

  it should "come from the solver" taggedAs Unit in {
    val solver = SolverParameter.newBuilder.setSnapshot(5).setSnapshotPrefix("a/b").build
    assert(SnapshotPlan.of(solver) == SnapshotPlan(5, "a/b"))
    assert(SnapshotPlan.of(SolverParameter.getDefaultInstance) == SnapshotPlan.none)
  }

  it should "find out before training whether the place can be written to" taggedAs Unit in
    Temporary.folder { folder =>
      val places = new Places(new Configuration)
      SnapshotPlan(5, folder.resolve("net").toString).check(places)
      assert(folder.toFile.list.isEmpty) // Nothing is left of trying.
      SnapshotPlan(0, "/no/such/folder/net").check(places) // is never written
      for (
        (prefix, why) <- Seq(
          "/no/such/folder/net" -> "'/no/such/folder/net': there is no folder /no/such/folder;",
          "" -> "it has no snapshot_prefix",
          "nosuch://x/net" -> "'nosuch://x/net': "
        )
      ) {
        val refused = intercept[CaffeException](SnapshotPlan(5, prefix).check(places))
        assert(refused.getCodeName == "IO")
        assert(refused.getMessage.contains("a snapshot every 5 iterations: "))
        assert(refused.getMessage.contains(why))
      }
    }

  it should "tell the caffemodel of a solverstate" taggedAs Unit in Temporary.folder { folder =>
    def state(name: String, content: Array[Byte]): java.io.File =
      Files.write(folder.resolve(name), content).toFile
    val history = BlobProto.newBuilder.addData(1f)
    val whole = SolverState.newBuilder
      .setIter(7)
      .setLearnedNet("/elsewhere/net_iter_7.caffemodel")
      .addHistory(history)
      .build
      .toByteArray
    assert(
      SnapshotPlan.modelBeside(state("renamed", whole)) == Some("net_iter_7.caffemodel")
    )
    val hdf5 = state("net_iter_7.solverstate.h5", Array[Byte](1))
    assert(SnapshotPlan.modelBeside(hdf5) == Some("net_iter_7.caffemodel.h5"))
    val none = SolverState.newBuilder.setIter(7).addHistory(history).build.toByteArray
    for (content <- Seq(none, whole.take(5), "not a state".getBytes, Array.emptyByteArray))
      assert(SnapshotPlan.modelBeside(state("other", content)).isEmpty)
  }
}
