package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support._

class TreeAverageSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context

  "TreeAverage" should "average any number of partitions" taggedAs SparkTag in {
    for (n <- Seq(1, 2, 4, 5, 17)) {
      val means = sc
        .parallelize(1 to n, n)
        .map(i => WeightedMean.of(i - 1, Array(i, 2f * i), i.toLong))
      val mean = TreeAverage(means, 2)
      // sum of i * i over sum of i
      val exact = (2 * n + 1) / 3f
      val values = mean.ofAll((1 to n).map(_.toLong)).getOrElse(fail("a member is missing"))
      assert(values.zip(Array(exact, 2 * exact)).forall { case (a, b) => math.abs(a - b) < 1e-5 })
    }
  }

  it should "give the same bits each time" taggedAs SparkTag in {
    val means = sc.parallelize(0 until 9, 9).map { i =>
      Thread.sleep((9 - i) % 4 * 5L) // tasks end in another order than they begin
      WeightedMean.of(i, Array.tabulate(100)(k => math.sin(i + k * 0.7).toFloat), 1L + i % 3)
    }
    val first = TreeAverage(means, 100).ofThose.get
    for (_ <- 1 to 3) assert(TreeAverage(means, 100).ofThose.get.sameElements(first))
  }

  it should "send the driver no more than it may get" taggedAs Unit in {
    assert(TreeAverage.fanIn(2, 1000) == 2)
    assert(TreeAverage.fanIn(4, 1000) == 4)
    assert(TreeAverage.fanIn(100, 1000) == 10)
    assert(TreeAverage.fanIn(4, 61000000) == 2)
    assert(TreeAverage.fanIn(9, Int.MaxValue) == 1)
  }
}
