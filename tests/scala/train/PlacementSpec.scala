package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

class PlacementSpec extends AnyFlatSpec {
  private def balanced(current: String*)(live: String*): Seq[String] =
    Placement.balanced(current.map(Option(_)).toIndexedSeq, live.toIndexedSeq)

  "Placement" should "leave a balanced one alone" taggedAs Unit in {
    assert(balanced("b", "a")("a", "b") == Seq("b", "a"))
    assert(balanced("a", "a", "b")("b", "a") == Seq("a", "a", "b"))
  }

  it should "move as few workers as possible to an executor that has none" taggedAs Unit in {
    assert(balanced("a", "a")("a", "b") == Seq("a", "b"))
    assert(
      balanced("a", "a", "a", "a", "b", "b")("a", "b", "c") == Seq("a", "a", "c", "c", "b", "b")
    )
  }

  it should "give workers of lost executors to those with the least" taggedAs Unit in {
    assert(balanced("x", "a")("a", "b") == Seq("b", "a"))
    assert(balanced(null, "a", "x")("a", "b") == Seq("b", "a", "a"))
    assert(balanced("x", "x")("a") == Seq("a", "a"))
  }

  it should "spread evenly" taggedAs Unit in {
    for (workers <- 1 to 9; executors <- 1 to 5) {
      val places = balanced(Seq.fill(workers)(null): _*)((1 to executors).map(_.toString): _*)
      val loads = (1 to executors).map(e => places.count(_ == e.toString))
      assert(loads.max - loads.min <= 1)
    }
  }
}
