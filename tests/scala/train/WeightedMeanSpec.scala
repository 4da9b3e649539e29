package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import scala.util.Random
import support._

class WeightedMeanSpec extends AnyFlatSpec {
  private val workers = Iterator.from(0)

  private def of(images: Long, values: Float*) =
    WeightedMean.of(workers.next(), values.toArray, images)

  "WeightedMean" should "weigh vectors by their images" taggedAs Unit in {
    val mean = WeightedMean.empty.add(of(100, 1f, 10f)).add(of(300, 5f, 30f)).add(of(400, 8f, 0f))
    assert(mean.members.values.sum == 800)
    assert(mean.ofThose.get.sameElements(Array(6f, 12.5f)))
  }

  it should "ignore what has no images" taggedAs Unit in {
    val mean = WeightedMean.empty.add(of(0, Float.NaN)).add(of(5, 2f)).add(of(0, Float.NaN))
    assert(mean.add(WeightedMean.empty).ofThose.get.sameElements(Array(2f)))
    assert(mean.members.values.toSeq == Seq(5L))
    assert(WeightedMean.empty.add(WeightedMean.empty).ofThose.isEmpty)
  }

  it should "neither overflow nor move what is equal" taggedAs Unit in {
    val huge = WeightedMean.empty
    for (_ <- 1 to 10) huge.add(of(1, Float.MaxValue, 0.1f))
    assert(huge.ofThose.get.sameElements(Array(Float.MaxValue, 0.1f)))
    val mixed = WeightedMean.empty.add(of(1, Float.MaxValue)).add(of(1, -Float.MaxValue))
    assert(mixed.ofThose.get.sameElements(Array(0f)))
  }

  it should "agree with the sum in double precision" taggedAs Unit in {
    val random = new Random(3)
    val vectors =
      Seq.fill(33)((random.nextInt(500) + 1, Array.fill(50)(random.nextGaussian().toFloat)))
    val mean = vectors.foldLeft(WeightedMean.empty) { case (m, (n, v)) => m.add(of(n, v: _*)) }
    val total = vectors.map(_._1.toDouble).sum
    for (i <- 0 until 50) {
      val exact = vectors.map { case (n, v) => n * v(i).toDouble }.sum / total
      assert(math.abs(mean.ofThose.get(i) - exact) < 1e-6)
    }
  }

  it should "leave the vectors it is given as they are" taggedAs Unit in {
    val (a, b) = (Array(1f), Array(3f))
    val mean = WeightedMean.empty.add(WeightedMean.of(0, a, 1))
    mean.add(WeightedMean.of(1, b, 1)).add(WeightedMean.of(2, b, 2))
    assert(mean.ofThose.get.sameElements(Array(2.5f)) && a(0) == 1f && b(0) == 3f)
  }

  private def vector(worker: Int, images: Long) =
    WeightedMean.of(worker, Array(worker.toFloat), images)

  it should "be a round's only with every worker that was counted" taggedAs Unit in {
    val counted = IndexedSeq(4L, 0L, 2L)
    val whole = WeightedMean.empty.add(vector(2, 2)).add(vector(1, 0)).add(vector(0, 4))
    assert(whole.ofAll(counted).map(_.toSeq) == Right(Seq((2f * 2) / 6)))
    assert(WeightedMean.empty.add(vector(0, 4)).ofAll(counted) == Left(None))
    assert(WeightedMean.empty.ofAll(counted) == Left(None))
    // As many images in all, and yet not those that were counted.
    assert(WeightedMean.empty.add(vector(0, 6)).ofAll(counted) == Left(None))
    assert(WeightedMean.empty.add(vector(0, 2)).add(vector(2, 4)).ofAll(counted) == Left(None))
    assert(whole.add(vector(3, 1)).ofAll(counted) == Left(None))
  }

  it should "keep what a worker failed with" taggedAs Unit in {
    val failure = Failure(10, "NUMERIC", "in iteration 3: the loss is NaN", 2, "7")
    val mean = WeightedMean.empty.add(vector(0, 4)).add(WeightedMean.lacking(failure))
    assert(mean.ofAll(IndexedSeq(4L, 0L, 2L)) == Left(Some(failure)))
    assert(mean.ofThose.get.toSeq == Seq(0f))
  }

  it should "survive serialisation" taggedAs Unit in {
    val failure = Failure(10, "NUMERIC", "failed", 2, "7")
    val mean = vector(0, 4).add(vector(1, 4)).add(WeightedMean.lacking(failure))
    for ((serialiser, copy) <- Serialisers.copies(mean)) withClue(serialiser) {
      assert(copy.ofAll(IndexedSeq(4L, 4L)).map(_.toSeq) == Right(Seq(0.5f)))
      assert(copy.ofAll(IndexedSeq(4L, 4L, 4L)) == Left(Some(failure)))
      copy.add(vector(2, 8))
      assert(copy.ofThose.get.toSeq == Seq(1.25f) && mean.ofThose.get.toSeq == Seq(0.5f))
    }
  }
}
