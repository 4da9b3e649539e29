package sparknet.train

import caffe.Caffe.SolverParameter
import org.scalatest.flatspec.AnyFlatSpec
import support._

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

  it should "check the folder before training starts" taggedAs Unit in Temporary.folder { folder =>
    SnapshotPlan(5, folder.resolve("net").toString).check()
    SnapshotPlan(5, "net").check() // here
    SnapshotPlan(0, "/no/such/folder/net").check() // is never written
    for (prefix <- Seq("/no/such/folder/net", ""))
      assert(intercept[CaffeException](SnapshotPlan(5, prefix).check()).getCodeName == "IO")
  }
}
