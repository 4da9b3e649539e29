package sparknet.data

import java.nio.FloatBuffer

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class PrefetchFeedSpec extends AnyFlatSpec {
  private val block =
    new Block(Array(2), Array.tabulate(5)(_ + 10f), Array.range(0, 10).map(_.toByte), null)

  private def feed(
      preprocessing: Preprocessing = new Identity,
      order: Iterator[Int] = Iterator.range(0, 5)
  ) = new PrefetchFeed(
    new Minibatches(order.map(Item(block, _)), Array(2), preprocessing, Augmentation.none, 2)
  )

  private def tops: Array[FloatBuffer] = Array(FloatBuffer.allocate(4), FloatBuffer.allocate(2))

  "PrefetchFeed" should "deliver minibatches in order, the last one smaller" taggedAs Unit in {
    val fed = feed(new Chain(new MeanSubtraction(Array(1f, 0f)), new Scaling(2f)))
    val delivered = Seq.fill(3) {
      val into = tops
      fed.fill(into)
      (into(0).array.toSeq.take(into(0).position()), into(1).array.toSeq.take(into(1).position()))
    }
    assert(
      delivered == Seq(
        (Seq(-2f, 2f, 2f, 6f), Seq(10f, 11f)),
        (Seq(6f, 10f, 10f, 14f), Seq(12f, 13f)),
        (Seq(14f, 18f), Seq(14f))
      )
    )
    for (_ <- 1 to 2) assert(intercept[CaffeException](fed.fill(tops)).getCodeName == "STATE")
    fed.close()
  }

  it should "hand on what preprocessing throws, when that minibatch is due" taggedAs Unit in {
    val fed = feed(item => if (item(0) == 4f) throw new IllegalStateException("four"))
    fed.fill(tops)
    for (_ <- 1 to 2) assert(intercept[IllegalStateException](fed.fill(tops)).getMessage == "four")
    fed.close()
  }

  it should "end its thread when it is closed" taggedAs Unit in {
    val fed = feed(order = Iterator.continually(0))
    fed.fill(tops)
    fed.close()
    assert(
      !Thread.getAllStackTraces.keySet
        .toArray(Array.empty[Thread])
        .exists(t => t.getName == "sparknet-feed" && t.isAlive)
    )
  }

  it should "show the next minibatch until it is taken" taggedAs Unit in {
    val fed = feed()
    val sizes = Seq.fill(3) {
      assert(fed.current() eq fed.current())
      val size = fed.current().size
      fed.fill(tops)
      size
    }
    assert(sizes == Seq(2, 2, 1) && fed.current().size == 0)
    fed.advance()
    assert(fed.current().size == 0)
    fed.close()
  }

  it should "do without labels" taggedAs Unit in {
    val fed = feed()
    val data = FloatBuffer.allocate(4)
    fed.fill(Array(data))
    assert(data.array.toSeq == Seq(0f, 1f, 2f, 3f))
    fed.close()
  }

  "MeanSubtraction" should "refuse an item of another size" taggedAs Unit in {
    assert(
      intercept[CaffeException](
        new MeanSubtraction(Array(1f))(Array(1f, 2f))
      ).getCodeName == "SHAPE"
    )
  }
}
