package libs

import org.scalatest.flatspec.AnyFlatSpec
import support._

class MinibatchSamplerSpec extends AnyFlatSpec {

  /** Minibatch i: one image whose pixel is i, and the label i. */
  private def minibatches(n: Int) = Iterator.tabulate(n) { i =>
    (Array(new ByteImage(Array.fill(3)(i.toByte), 1, 1)), Array(i))
  }

  private def image(sampler: MinibatchSampler) = sampler.nextImageMinibatch()(0).getRed(0, 0).toInt
  private def label(sampler: MinibatchSampler) = sampler.nextLabelMinibatch()(0)

  "A MinibatchSampler" should "give a contiguous run, images and labels in step" taggedAs Unit in {
    for (_ <- 1 to 20) {
      val sampler = new MinibatchSampler(minibatches(10), 10, 4)
      val run = (0 until 4).map { i =>
        // Either half of a pair may be asked for first.
        val pair =
          if (i % 2 == 0) (image(sampler), label(sampler))
          else (label(sampler), image(sampler)).swap
        assert(pair._1 == pair._2)
        pair._1
      }
      assert(run == sampler.indices.toSeq)
      assert(run == (sampler.startIdx until sampler.startIdx + 4))
    }
  }

  it should "start anywhere that leaves room for the run" taggedAs Unit in {
    val starts = Seq.fill(500)(new MinibatchSampler(minibatches(0), 5, 3).startIdx).toSet
    assert(starts == Set(0, 1, 2))
  }

  it should "return the same minibatch when one half is asked for twice" taggedAs Unit in {
    val sampler = new MinibatchSampler(minibatches(3), 3, 3)
    assert((image(sampler), image(sampler)) == ((0, 0)))
    assert((label(sampler), image(sampler)) == ((1, 1)))
  }

  it should "go round when a partition has fewer minibatches than the run" taggedAs Unit in {
    val sampler = new MinibatchSampler(minibatches(2), 2, 5)
    val run = Seq.fill(5)((image(sampler), label(sampler)))
    assert(run == Seq((0, 0), (1, 1), (0, 0), (1, 1), (0, 0)))
    assert(sampler.indices.toSeq == Seq(0, 1, 0, 1, 0))
  }

  it should "say so when there is nothing to sample, or no more" taggedAs Unit in {
    val none = intercept[IllegalArgumentException](new MinibatchSampler(minibatches(0), 0, 2))
    assert(none.getMessage.contains("less than one full minibatch"))
    val short = new MinibatchSampler(minibatches(1), 2, 2)
    short.nextImageMinibatch()
    short.nextLabelMinibatch()
    val missing = intercept[NoSuchElementException](short.nextImageMinibatch())
    assert(missing.getMessage.contains("minibatch 2 of 2 is missing"))
    val used = new MinibatchSampler(minibatches(3), 3, 1)
    used.nextImageMinibatch()
    used.nextLabelMinibatch()
    assertThrows[NoSuchElementException](used.nextImageMinibatch())
    assertThrows[NoSuchElementException](
      new MinibatchSampler(minibatches(0), 0, 0).nextImageMinibatch()
    )
  }
}
