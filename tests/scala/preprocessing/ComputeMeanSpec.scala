package preprocessing

import libs.ByteImage
import org.scalatest.flatspec.AnyFlatSpec
import support._

class ComputeMeanSpec extends AnyFlatSpec with OnCluster {
  "ComputeMean" should "average every pixel as 0 to 255" taggedAs SparkTag in {
    val (height, width) = (2, 3)
    val random = new scala.util.Random(1)
    val images = Seq.fill(7)(Array.fill(3 * height * width)(random.nextInt(256).toByte))
    val minibatches = images.grouped(2).map(_.toArray).toSeq // the last has one image
    val rdd = sc
      .parallelize(minibatches, 6) // more partitions than minibatches
      .map(batch => (batch.map(new ByteImage(_, height, width)), batch.map(_ => 0)))
    val mean = ComputeMean(rdd, Array(3, height, width), images.length)
    val expected = images.map(_.map(_ & 0xff)).transpose.map(_.sum / 7.0)
    assert(mean.shape.toSeq == Seq(3, 2, 3))
    for ((found, wanted) <- mean.getBuffer().zip(expected)) assert(math.abs(found - wanted) < 1e-4)
  }

  it should "refuse images of another size" taggedAs SparkTag in {
    val rdd = sc
      .parallelize(Seq(1), 1)
      .map(_ => (Array(new ByteImage(2, 2)), Array(0)))
    val failure =
      intercept[org.apache.spark.SparkException](ComputeMean(rdd, Array(3, 2, 3), 1))
    assert(failure.getMessage.contains("2x2 in a mean of 2x3"))
  }
}
