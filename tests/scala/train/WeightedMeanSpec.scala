package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import scala.util.Random
import support._

import sparknet.io.PackedFloats

class WeightedMeanSpec extends AnyFlatSpec {
  private def of(images: Long, values: Float*) =
    WeightedMean.of(PackedFloats(values.toArray), images)

  "WeightedMean" should "weigh vectors by their images" taggedAs Unit in {
    val mean = WeightedMean.empty.add(of(100, 1f, 10f)).add(of(300, 5f, 30f)).add(of(400, 8f, 0f))
    assert(mean.weight == 800)
    assert(mean.values.get.sameElements(Array(6f, 12.5f)))
  }

  it should "ignore what has no images" taggedAs Unit in {
    val mean = WeightedMean.empty.add(of(0, Float.NaN)).add(of(5, 2f)).add(of(0, Float.NaN))
    assert(mean.add(WeightedMean.empty).values.get.sameElements(Array(2f)) && mean.weight == 5)
    assert(WeightedMean.empty.add(WeightedMean.empty).values.isEmpty)
  }

  it should "neither overflow nor move what is equal" taggedAs Unit in {
    val huge = WeightedMean.empty
    for (_ <- 1 to 10) huge.add(of(1, Float.MaxValue, 0.1f))
    assert(huge.values.get.sameElements(Array(Float.MaxValue, 0.1f)))
    val mixed = WeightedMean.empty.add(of(1, Float.MaxValue)).add(of(1, -Float.MaxValue))
    assert(mixed.values.get.sameElements(Array(0f)))
  }

  it should "agree with the sum in double precision" taggedAs Unit in {
    val random = new Random(3)
    val vectors =
      Seq.fill(33)((random.nextInt(500) + 1, Array.fill(50)(random.nextGaussian().toFloat)))
    val mean = vectors.foldLeft(WeightedMean.empty) { case (m, (n, v)) => m.add(of(n, v: _*)) }
    val total = vectors.map(_._1.toDouble).sum
    for (i <- 0 until 50) {
      val exact = vectors.map { case (n, v) => n * v(i).toDouble }.sum / total
      assert(math.abs(mean.values.get(i) - exact) < 1e-6)
    }
  }

  it should "leave the vectors it is given as they are" taggedAs Unit in {
    val (a, b) = (Array(1f), Array(3f))
    val mean = WeightedMean.empty.add(WeightedMean.of(PackedFloats(a), 1))
    mean.add(WeightedMean.of(PackedFloats(b), 1)).add(WeightedMean.of(PackedFloats(b), 2))
    assert(mean.values.get.sameElements(Array(2.5f)) && a(0) == 1f && b(0) == 3f)
  }
}
