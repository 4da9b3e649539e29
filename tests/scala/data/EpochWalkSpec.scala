package sparknet.data

import org.scalatest.flatspec.AnyFlatSpec
import support._

class EpochWalkSpec extends AnyFlatSpec {

  /** The order of items that all fit into the window. */
  private def order(items: Int, worker: Int, seed: Long, start: Long = 0): Iterator[Int] =
    new EpochWalk(Array(Array(items)), 1000, worker, seed).from(start).flatMap(_.order)

  "EpochWalk" should "visit every item once in each pass, in changing order" taggedAs Unit in {
    val passes = order(50, 0, 1, 0).take(200).toSeq.grouped(50).toSeq
    assert(passes.forall(_.sorted == (0 until 50)))
    assert(passes.distinct.length == 4 && !passes.contains(0 until 50))
  }

  it should "go on at any position" taggedAs Unit in {
    val all = order(7, 2, 9, 0).take(40).toSeq
    for (start <- 0 until 30)
      assert(
        order(7, 2, 9, start.toLong).take(10).toSeq == all.slice(start, start + 10)
      )
    assert(order(7, 2, 9, 7L * Int.MaxValue * 3).take(7).toSeq.sorted == (0 until 7))
  }

  it should "depend on seed and partition" taggedAs Unit in {
    def pass(worker: Int, seed: Long) = order(20, worker, seed).take(20).toSeq
    assert(pass(0, 1) == pass(0, 1))
    assert(Seq(pass(0, 1), pass(1, 1), pass(0, 2), pass(1, 0)).distinct.length == 4)
  }

  it should "wrap around in a partition smaller than a minibatch" taggedAs Unit in {
    assert(order(1, 0, 1, 5).take(3).toSeq == Seq(0, 0, 0))
  }

  it should "shuffle evenly" taggedAs Unit in {
    val counts = Array.ofDim[Int](4, 4)
    for (
      pass <- 0 until 4000;
      (item, place) <- order(4, 0, 3, pass * 4L).take(4).zipWithIndex
    )
      counts(item)(place) += 1
    assert(counts.flatten.forall(n => n > 850 && n < 1150)) // 1000 expected, sigma 27
  }
}
