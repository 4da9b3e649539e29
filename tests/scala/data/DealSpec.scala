package sparknet.data

import org.scalatest.flatspec.AnyFlatSpec
import support._

class DealSpec extends AnyFlatSpec {
  private def deal(itemSize: Int, labels: Int, weighted: Boolean, sizes: Int*) =
    new Deal(itemSize, Labelling(labels, weighted)).of(sizes)

  "A Deal" should "give the first tops the item, the next ones labels, the last one weights" taggedAs
    Unit in {
      assert(deal(6, 1, false, 6, 1) == Right(1 until 2))
      assert(deal(6, 1, false, 2, 4, 1) == Right(2 until 3))
      assert(deal(6, 3, false, 2, 4, 1, 2) == Right(2 until 4))
      assert(deal(6, 1, true, 6, 1, 1) == Right(1 until 2))
      assert(deal(6, 0, true, 6, 1) == Right(1 until 1))
    }

  it should "leave out labels, or weights, that the net does not take" taggedAs Unit in {
    assert(deal(6, 1, false, 6) == Right(1 until 1))
    assert(deal(6, 3, true, 6) == Right(1 until 1))
    assert(deal(6, 3, true, 6, 3) == Right(1 until 2))
    assert(deal(6, 0, false, 4, 2) == Right(2 until 2))
  }

  it should "tell what does not fit" taggedAs Unit in {
    for (sizes <- Seq(Seq(5, 1), Seq(7), Seq(4, 4), Seq.empty))
      assert(deal(6, 1, false, sizes: _*) == Left(Deal.ItemsDiffer), sizes)
    assert(deal(6, 3, false, 6, 1) == Left(Deal.LabelsDiffer(1, 1)))
    assert(deal(6, 1, false, 2, 4, 1, 1) == Left(Deal.LabelsDiffer(2, 2)))
    assert(deal(6, 1, true, 6, 1, 2) == Left(Deal.LabelsDiffer(1, 3)))
    assert(deal(6, 0, false, 6, 1) == Left(Deal.LabelsDiffer(1, 1)))
  }
}
