package sparknet.data

import java.nio.FloatBuffer

import scala.collection.mutable.ArrayBuffer

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class MinibatchesSpec extends AnyFlatSpec {
  private val shape = Array(2, 4, 5)
  private val size = 40
  private val random = new scala.util.Random(4)
  private val values = Array.fill(3 * size)(random.nextInt(256))
  private val bytes = new Block(shape, Array(0f, 1f, 2f), values.map(_.toByte), null)
  private val floats = new Block(shape, Array(0f, 1f, 2f), null, values.map(_.toFloat))
  private val mean = Array.fill(size)(random.nextInt(200) / 4f)

  private def take(minibatches: Minibatches, batch: Int): (Seq[Float], Seq[Float]) =
    Closing.using(minibatches) { m =>
      Closing.using(m.newMinibatch()) { into =>
        m.next(into)
        val (data, labels) =
          (FloatBuffer.allocate(batch * m.itemSize), FloatBuffer.allocate(batch))
        into.copyTo(Array(data, labels))
        (data.array.toSeq, labels.array.toSeq)
      }
    }

  private def items(blocks: Block*) =
    blocks.iterator.flatMap(b => Iterator.range(0, 3).map(Item(b, _)))

  /** Crop, mirror and mean by the formula. */
  private def expected(item: Int, place: (Int, Int, Int), height: Int, width: Int, scale: Float) =
    for (c <- 0 until 2; y <- 0 until height; x <- 0 until width) yield {
      val column = place._2 + (if (place._3 == 1) width - 1 - x else x)
      val at = (c * 4 + place._1 + y) * 5 + column
      (values(item * size + at) - mean(at)) * scale
    }

  private val prepared = new Chain(new MeanSubtraction(mean), new Scaling(0.5f))
  private val byHand: Preprocessing = item => prepared(item)

  "Minibatches" should "crop the centre of bytes and of floats, natively and not" taggedAs Boundary in {
    val crop = Augmentation(2, 3, mirror = true)
    val centre = (0 until 3).flatMap(expected(_, (1, 1, 0), 2, 3, 0.5f))
    for (block <- Seq(bytes, floats); preprocessing <- Seq(prepared, byHand)) {
      val (data, labels) = take(new Minibatches(items(block), shape, preprocessing, crop, 3), 3)
      assert(data == centre && labels == Seq(0f, 1f, 2f))
    }
  }

  it should "crop and mirror at random in the same places, natively and not" taggedAs Boundary in {
    val crop = Augmentation(3, 3, mirror = true)
    val drawn = for (block <- Seq(bytes, floats); preprocessing <- Seq(prepared, byHand)) yield {
      val places = new RandomPlaces(5, 1, 30)
      take(new Minibatches(items(block, block), shape, preprocessing, crop, 6, places), 6)._1
    }
    val places = new RandomPlaces(5, 1, 30)
    val truth = (0 until 6).flatMap { i =>
      expected(i % 3, crop.place(shape, places.next()), 3, 3, 0.5f)
    }
    assert(drawn.forall(_ == truth))
  }

  it should "mix blocks of bytes and of floats" taggedAs Boundary in {
    val all = Seq(Item(bytes, 0), Item(floats, 1), Item(bytes, 2), Item(bytes, 1))
    val m = new Minibatches(all.iterator, shape, prepared, Augmentation.none, 4)
    val whole = Seq(0, 1, 2, 1).flatMap(expected(_, (0, 0, 0), 4, 5, 0.5f))
    assert(take(m, 4) == ((whole, Seq(0f, 1f, 2f, 1f))))
  }

  it should "put the next image in the place of one that is broken, and tell" taggedAs Boundary in {
    val images = Array("rgb.jpg", "none", "grey.jpg").map { name =>
      Option(getClass.getResourceAsStream(s"/images/$name")).fold(Array[Byte](1))(_.readAllBytes())
    }
    val block =
      Block.ofImages(Array(3, 4, 4), Array(0f, 1f, 2f), Encoded(images, Array("a", "b", "c")))
    val bad = ArrayBuffer.empty[BadRecord]
    def minibatches(told: BadRecord => Unit) = new Minibatches(
      Iterator.continually(0 until 3).flatten.map(Item(block, _)),
      Array(3, 4, 4),
      new Identity,
      Augmentation.none,
      4,
      badItems = told
    )
    val (data, labels) = take(minibatches(bad += _), 4)
    assert(labels == Seq(0f, 2f, 0f, 2f) && bad.map(_.name) == Seq("b", "b"))
    assert(data.take(48) == data.slice(96, 144) && data.exists(_ > 0))
    assert(intercept[BadItem](take(minibatches(b => throw new BadItem(b)), 4)).record.name == "b")
  }

  it should "give up where nothing can be decoded" taggedAs Boundary in {
    val block =
      Block.ofImages(Array(3, 4, 4), Array(0f), Encoded(Array(Array[Byte](1)), Array("x")))
    val endless = new Minibatches(
      Iterator.continually(Item(block, 0)),
      Array(3, 4, 4),
      new Identity,
      Augmentation.none,
      1,
      badItems = _ => ()
    )
    assert(intercept[CaffeException](take(endless, 1)).getMessage.contains("x: "))
  }

  it should "refuse a mean of another size" taggedAs Unit in {
    val wrong = new MeanSubtraction(mean.drop(1))
    val refused = intercept[CaffeException](
      new Minibatches(items(bytes), shape, wrong, Augmentation.none, 3)
    )
    assert(refused.getCodeName == "SHAPE" && refused.getMessage.contains("39 values"))
  }

  "Linear" should "be one step for several where that is the same" taggedAs Unit in {
    def of(first: Preprocessing, second: Preprocessing) = Linear.of(new Chain(first, second))
    val Some(Linear(m, s)) = of(new MeanSubtraction(mean), new Scaling(0.5f))
    assert(m.sameElements(mean) && s == 0.5f)
    assert(of(new Identity, new MeanSubtraction(mean)).exists(_.scale == 1))
    assert(of(new Scaling(2), new MeanSubtraction(mean)).isEmpty)
    assert(of(byHand, new Scaling(2)).isEmpty)
  }

  it should "deal items, label vectors and weights out to tops" taggedAs Boundary in {
    val labels = Array(0f, 1f, 2f, 3f, 4f, 5f)
    val weights = Array(0.5f, 1f, 2f)
    def block(bytes: Array[Byte], floats: Array[Float]) =
      new Block(Array(4), labels, 2, weights, bytes, floats)
    val numbers = Array.range(0, 12)
    for (
      b <- Seq(block(numbers.map(_.toByte), null), block(null, numbers.map(_.toFloat)));
      batch <- Seq(3, 5)
    ) {
      val source = new Minibatches(
        items(b),
        Array(4),
        new Identity,
        Augmentation.none,
        batch,
        labelling = b.labelling
      )
      Closing.using(source) { m =>
        Closing.using(m.newMinibatch()) { into =>
          m.next(into)
          def dealt(room: Int, sizes: Int*): Seq[Seq[Float]] = {
            val tops = sizes.map(n => FloatBuffer.allocate(room * n)).toArray
            into.copyTo(tops)
            tops.map(top => top.array.toSeq.take(top.position())).toSeq
          }
          for (room <- Seq(3, batch)) {
            val first = Seq(0f, 4f, 8f)
            val rest = Seq(1f, 2f, 3f, 5f, 6f, 7f, 9f, 10f, 11f)
            assert(
              dealt(room, 1, 3, 1, 1, 1) ==
                Seq(first, rest, Seq(0f, 2f, 4f), Seq(1f, 3f, 5f), weights.toSeq)
            )
            assert(dealt(room, 4, 2) == Seq(numbers.map(_.toFloat).toSeq, labels.toSeq))
            assert(dealt(room, 4) == Seq(numbers.map(_.toFloat).toSeq))
          }
          val message = intercept[CaffeException](dealt(3, 4, 1)).getMessage
          assert(message.contains("items of 4 values with 2 label values and a weight"))
        }
      }
    }
  }
}
