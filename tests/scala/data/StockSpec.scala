package sparknet.data

import scala.collection.mutable.ArrayBuffer

import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class StockSpec extends AnyFlatSpec {

  /** Item i has the label i and the values i, i + 0.5. */
  private def block(labels: Int*) = new Block(
    Array(2),
    labels.map(_.toFloat).toArray,
    null,
    labels.flatMap(l => Seq(l.toFloat, l + 0.5f)).toArray
  )

  /** Chunks of blocks of the sizes given, and the chunks that were read. */
  private def stock(sizes: Seq[Int]*): (Stock, ArrayBuffer[Int]) = {
    var next = 0
    val chunks = sizes.map(_.map { size =>
      next += size
      block(next - size until next: _*)
    })
    val reads = ArrayBuffer.empty[Int]
    val read = (chunk: Int) => {
      reads += chunk
      chunks(chunk).iterator
    }
    (new Stock(sizes.map(_.toArray).toArray, read), reads)
  }

  private def labels(items: Iterator[Item]): Seq[Int] = items.map { item =>
    val values = new Array[Float](2)
    item.block.copyItem(item.index, values)
    assert(values.toSeq == Seq(item.label, item.label + 0.5f))
    item.label.toInt
  }.toSeq

  "A Stock" should "give each item once in order, and read each chunk once" taggedAs Unit in {
    val (items, reads) = stock(Seq(0, 3, 0), Seq(), Seq(1, 2), Seq(0))
    assert(items.size == 6 && labels(items.inOrder) == (0 until 6))
    assert(reads == Seq(0, 2))
    assert(stock()._1.inOrder.isEmpty)
  }

  it should "shuffle as a whole what fits into the window, and keep it" taggedAs Unit in {
    val (items, reads) = stock(Seq(4, 0, 3), Seq(5))
    val drawn = labels(items.shuffled(0, 12, 0, 1).take(36)).grouped(12).toSeq
    assert(drawn.forall(_.sorted == (0 until 12)) && drawn.distinct.length == 3)
    assert(drawn.forall(_.take(7).exists(_ >= 7))) // not chunk by chunk
    assert(reads == Seq(0, 1))
  }

  it should "have no more than a window in memory, and still give all items in each pass" taggedAs
    Unit in {
      val (items, _) = stock(Seq(3, 3, 3), Seq(2, 2), Seq(3, 3), Seq(4))
      val passes = labels(items.shuffled(0, 6, 0, 1).take(23 * 20)).grouped(23).toSeq
      assert(passes.forall(_.sorted == (0 until 23)) && passes.distinct.length == 20)
      // Chunks come in changing order.
      assert(passes.map(_.head / 3).distinct.length > 3)
    }

  it should "go on at any position" taggedAs Unit in {
    for (window <- Seq(1L, 4L, 100L)) {
      val all = labels(stock(Seq(2, 3), Seq(4), Seq(1, 1))._1.shuffled(0, window, 3, 9).take(60))
      for (start <- 0 until 30) {
        val from = stock(Seq(2, 3), Seq(4), Seq(1, 1))._1.shuffled(start.toLong, window, 3, 9)
        assert(labels(from.take(20)) == all.slice(start, start + 20))
      }
    }
  }

  it should "say so when the data have changed" taggedAs Unit in {
    val grown = new Stock(Array(Array(1)), _ => Iterator(block(1, 2)))
    val gone = new Stock(Array(Array(1, 1)), _ => Iterator(block(1)))
    for (items <- Seq(grown, gone))
      assert(intercept[CaffeException](items.inOrder.size).getCodeName == "STATE")
  }

  it should "read anew after a failure, not on from what has failed" taggedAs Unit in {
    var reads = 0
    val items = new Stock(
      Array(Array(1, 1)),
      _ => {
        reads += 1
        val failing = reads == 1
        Iterator(0, 1).map { i =>
          if (failing && i == 1) throw new IllegalStateException("of the user's")
          block(i)
        }
      }
    )
    intercept[IllegalStateException](items.inOrder.size)
    assert(labels(items.inOrder) == Seq(0, 1) && reads == 2)
  }
}
