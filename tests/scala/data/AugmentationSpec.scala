package sparknet.data

import java.util.SplittableRandom

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class AugmentationSpec extends AnyFlatSpec {
  private val image = Array(3, 8, 10)

  "Augmentation" should "say what the net gets" taggedAs Unit in {
    assert(Augmentation.none.output(Array(7)).toSeq == Seq(7))
    assert(Augmentation(5, 6, mirror = false).output(image).toSeq == Seq(3, 5, 6))
    assert(Augmentation(0, 0, mirror = true).output(image).toSeq == Seq(3, 8, 10))
  }

  it should "refuse what cannot be cropped or mirrored" taggedAs Unit in {
    for (
      wrong <- Seq(
        () => Augmentation(9, 5, mirror = false).output(image),
        () => Augmentation(5, 5, mirror = false).output(Array(80)),
        () => Augmentation(0, 0, mirror = true).output(Array(80)),
        () => Augmentation(5, 0, mirror = true).output(image),
        () => Augmentation(-1, -1, mirror = true).output(image)
      )
    ) assertThrows[CaffeException](wrong())
  }

  it should "take the centre in tests, as Caffe rounds it" taggedAs Unit in {
    assert(Augmentation(5, 5, mirror = true).place(image, null) == ((1, 2, 0)))
    assert(Augmentation.none.place(image, null) == ((0, 0, 0)))
  }

  it should "take every place as often in training" taggedAs Unit in {
    val places = new RandomPlaces(3, 0, 0)
    val drawn =
      Seq.fill(4 * 5 * 2 * 500)(Augmentation(5, 6, mirror = true).place(image, places.next()))
    val counts = drawn.groupBy(identity).values.map(_.length)
    assert(counts.size == 4 * 5 * 2 && counts.forall(n => n > 400 && n < 600)) // sigma 22
    val still = Augmentation(5, 6, mirror = false)
    assert(Seq.fill(50)(still.place(image, new SplittableRandom(1))._3).forall(_ == 0))
  }

  "RandomPlaces" should "depend on seed, worker and position, and on nothing else" taggedAs Unit in {
    def draw(seed: Long, worker: Int, start: Long) = {
      val places = new RandomPlaces(seed, worker, start)
      Seq.fill(6)(places.next().nextInt(1000))
    }
    assert(draw(1, 0, 0) == draw(1, 0, 0) && draw(1, 0, 2).take(4) == draw(1, 0, 0).drop(2))
    assert(Seq(draw(1, 0, 0), draw(2, 0, 0), draw(1, 1, 0)).distinct.length == 3)
  }
}
