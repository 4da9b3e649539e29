package sparknet.data

import java.nio.FloatBuffer
import java.util.concurrent.CountDownLatch

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Status}

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

  it should "know of a failure before its minibatch is due" taggedAs Unit in {
    val sound = feed()
    Seq.fill(3)(sound.fill(tops))
    assert(!sound.hasFailed)
    sound.close()
    val fed = feed(item => if (item(0) == 4f) throw new IllegalStateException("four"))
    while (!fed.hasFailed) Thread.sleep(1)
    fed.fill(tops)
    assertThrows[IllegalStateException](fed.current())
    assert(fed.hasFailed)
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

  /** Gives a minibatch of one item, and the next one when it may, whoever interrupts it before. */
  private final class Silent extends MinibatchSource {
    val answer, asked = new CountDownLatch(1)
    @volatile var closed = false
    private var filled = 0
    override def newMinibatch(): Minibatch = new Minibatch(1, 1)
    override def next(into: Minibatch): Unit = {
      filled += 1
      if (filled > 1) asked.countDown()
      while (filled > 1 && answer.getCount > 0)
        try answer.await()
        catch { case _: InterruptedException => () }
      into.values.put(0, filled.toFloat)
      into.size = 1
    }
    override def close(): Unit = closed = true
  }

  private def next(fed: PrefetchFeed): Float = {
    val data = FloatBuffer.allocate(1)
    fed.fill(Array(data))
    data.get(0)
  }

  it should "end a wait that is of no use any more, and go on where it was" taggedAs Unit in {
    val source = new Silent
    var wanted = true
    val fed = new PrefetchFeed(source, stopped = () => !wanted)
    assert(next(fed) == 1f)
    wanted = false
    for (_ <- 1 to 2) assertThrows[PrefetchFeed.WaitEnded](next(fed))
    source.answer.countDown()
    wanted = true
    assert(next(fed) == 2f && next(fed) == 3f)
    assert(fed.stop() && source.closed)
  }

  it should "know how long it was waited for" taggedAs Unit in {
    val source = new Silent
    val fed = new PrefetchFeed(source)
    next(fed)
    val asking = Thread.currentThread
    val answering = new Thread(() => {
      while (asking.getState != Thread.State.TIMED_WAITING) Thread.sleep(1)
      Thread.sleep(50)
      source.answer.countDown()
    })
    source.asked.await()
    val before = fed.waitedSeconds
    answering.start()
    next(fed)
    answering.join()
    val waited = fed.waitedSeconds
    assert(waited - before >= 0.04)
    fed.current() // it may have to wait for this one
    val known = fed.waitedSeconds
    fed.current()
    assert(fed.waitedSeconds == known)
    fed.close()
  }

  it should "leave a thread behind that does not stop, with what it uses" taggedAs Unit in {
    val source = new Silent
    val fed = new PrefetchFeed(source)
    assert(next(fed) == 1f)
    source.asked.await()
    assert(!fed.stop() && !source.closed)
    fed.close()
    source.answer.countDown()
    val end = System.nanoTime + 30000000000L
    while (!source.closed && System.nanoTime < end) Thread.sleep(10)
    assert(source.closed)
  }

  it should "know the end of a wait under what the engine made of it" taggedAs Unit in {
    val ended = new PrefetchFeed.WaitEnded
    assert(PrefetchFeed.isWaitEnded(new CaffeException(Status.CALLBACK, "the feed failed", ended)))
    assert(!PrefetchFeed.isWaitEnded(new CaffeException(Status.CALLBACK, "the feed failed", null)))
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
