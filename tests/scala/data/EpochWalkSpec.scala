package sparknet.data

import org.scalatest.flatspec.AnyFlatSpec
import support._

class EpochWalkSpec extends AnyFlatSpec {

  "EpochWalk" should "visit every item once in each pass, in changing order" taggedAs Unit in {
    val passes = new EpochWalk(50, 0, 1).from(0).take(200).toSeq.grouped(50).toSeq
    assert(passes.forall(_.sorted == (0 until 50)))
    assert(passes.distinct.length == 4 && !passes.contains(0 until 50))
  }

  it should "go on at any position" taggedAs Unit in {
    val all = new EpochWalk(7, 2, 9).from(0).take(40).toSeq
    for (start <- 0 until 30)
      assert(
        new EpochWalk(7, 2, 9).from(start.toLong).take(10).toSeq == all.slice(start, start + 10)
      )
    assert(new EpochWalk(7, 2, 9).from(7L * Int.MaxValue * 3).take(7).toSeq.sorted == (0 until 7))
  }

  it should "depend on seed and partition" taggedAs Unit in {
    def order(partition: Int, seed: Long) =
      new EpochWalk(20, partition, seed).from(0).take(20).toSeq
    assert(order(0, 1) == order(0, 1))
    assert(Seq(order(0, 1), order(1, 1), order(0, 2), order(1, 0)).distinct.length == 4)
  }

  it should "wrap around in a partition smaller than a minibatch" taggedAs Unit in {
    assert(new EpochWalk(1, 0, 1).from(5).take(3).toSeq == Seq(0, 0, 0))
  }

  it should "shuffle evenly" taggedAs Unit in {
    val counts = Array.ofDim[Int](4, 4)
    for (
      pass <- 0 until 4000;
      (item, place) <- new EpochWalk(4, 0, 3).from(pass * 4L).take(4).zipWithIndex
    )
      counts(item)(place) += 1
    assert(counts.flatten.forall(n => n > 850 && n < 1150)) // 1000 expected, sigma 27
  }
}
