package sparknet.seen

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class ThinnedSpec extends AnyFlatSpec {
  private def after(count: Int) = {
    val series = new Thinned[(Int, Int)](8)((a, b) => (a._1, b._2))
    for (i <- 1 to count) series += ((i, i))
    series.toVector
  }

  "A thinned series" should "keep what there is while that is little" taggedAs Unit in {
    assert(after(0).isEmpty)
    assert(after(8) == (1 to 8).map(i => (i, i)))
  }

  it should "then make neighbours one, again and again, and leave nothing out" taggedAs Unit in {
    assert(after(9) == Vector((1, 2), (3, 4), (5, 6), (7, 8), (9, 9)))
    assert(after(10).last == ((9, 10)) && after(11).takeRight(2) == Seq((9, 10), (11, 11)))
    for (count <- Seq(16, 17, 100, 1000, 12345)) {
      val all = after(count)
      assert(all.length > 4 && all.length <= 8)
      assert(all.head._1 == 1 && all.last._2 == count)
      assert(all.zip(all.tail).forall { case (a, b) => a._2 + 1 == b._1 })
      // All but the last one are alike.
      assert(all.init.map(e => e._2 - e._1).distinct.length == 1)
    }
  }

  it should "be made of any other" taggedAs Unit in {
    assert(Thinned.of(1 to 7, 10)(_ + _) == (1 to 7))
    assert(Thinned.of(1 to 7, 3)(_ + _) == Vector(6, 15, 7))
    assert(Thinned.of(Seq.empty[Int], 3)(_ + _).isEmpty)
  }
}
