package sparknet.data

import org.scalatest.flatspec.AnyFlatSpec
import support._

class ItemsSpec extends AnyFlatSpec {
  private def block(labels: Int*) =
    new Block(
      Array(2),
      labels.map(_.toFloat).toArray,
      null,
      labels.flatMap(l => Seq(l, l + 0.5f)).map(_.toFloat).toArray
    )

  "Items" should "find each item in its block" taggedAs Unit in {
    val items =
      new Items(Array(block(), block(0, 1, 2), block(), block(), block(3), block(4, 5), block()))
    assert(items.size == 6)
    for (i <- 0 until 6) {
      val item = new Array[Float](2)
      items.copyItem(i, item)
      assert(items.label(i) == i && item.toSeq == Seq(i.toFloat, i + 0.5f))
    }
  }

  it should "be able to be none" taggedAs Unit in {
    assert(new Items(Array.empty).size == 0 && new Items(Array(block())).size == 0)
  }
}
