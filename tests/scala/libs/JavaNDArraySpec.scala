package libs

import org.scalatest.flatspec.AnyFlatSpec
import support._

class JavaNDArraySpec extends AnyFlatSpec {
  private def counting(shape: Int*) =
    new JavaNDArray(Array.tabulate(shape.product)(_.toFloat), shape: _*)

  "A JavaNDArray" should "count row-major" taggedAs Unit in {
    val array = counting(2, 3, 4)
    assert(array.get(1, 2, 3) == 23f)
    assert(array.get(0, 1, 2) == 6f)
    array.set(Array(0, 1, 2), -1f)
    assert(array.getBuffer()(6) == -1f)
  }

  it should "slice each axis, sharing values" taggedAs Unit in {
    val array = counting(2, 3, 4)
    assert(array.slice(0, 1).toFlat.toSeq == (12 to 23).map(_.toFloat))
    assert(array.slice(1, 2).toFlat.toSeq == Seq(8f, 9f, 10f, 11f, 20f, 21f, 22f, 23f))
    assert(array.slice(2, 3).toFlat.toSeq == Seq(3f, 7f, 11f, 15f, 19f, 23f))
    array.slice(2, 3).set(Array(1, 2), 99f)
    assert(array.get(1, 2, 3) == 99f)
    assert(array.slice(0, 0).slice(0, 0).slice(0, 2).toFlat.toSeq == Seq(2f))
  }

  it should "take sub-arrays of the same rank" taggedAs Unit in {
    val array = counting(2, 3, 4).subArray(Array(0, 1, 1), Array(2, 3, 3))
    assert(array.toFlat.toSeq == Seq(5f, 6f, 9f, 10f, 17f, 18f, 21f, 22f))
    assert(array.subArray(Array(1, 0, 1), Array(2, 2, 2)).toFlat.toSeq == Seq(18f, 22f))
  }

  it should "do arithmetic on views, also of the same values" taggedAs Unit in {
    val array = counting(2, 2)
    array.slice(1, 0).add(array.slice(1, 1)) // columns: 0 + 1, 2 + 3
    assert(array.toFlat.toSeq == Seq(1f, 1f, 5f, 3f))
    array.slice(0, 0).subtract(array.slice(1, 1)) // row 1 1 minus column 1 3
    assert(array.toFlat.toSeq == Seq(0f, -2f, 5f, 3f))
    array.slice(1, 1).scalarDivide(2f)
    assert(array.toFlat.toSeq == Seq(0f, -1f, 5f, 1.5f))
    array.add(array)
    assert(array.toFlat.toSeq == Seq(0f, -2f, 10f, 3f))
  }

  it should "have extents of zero" taggedAs Unit in {
    val empty = new JavaNDArray(2, 0, 3)
    assert(empty.toFlat.isEmpty)
    empty.add(new JavaNDArray(2, 0, 3))
    empty.scalarDivide(2f)
    assert(empty.slice(0, 1).toFlat.isEmpty)
    assert(counting(2, 3).subArray(Array(1, 1), Array(1, 3)).toFlat.isEmpty)
  }

  it should "refuse what does not fit" taggedAs Unit in {
    val array = counting(2, 3)
    assertThrows[IllegalArgumentException](new JavaNDArray(new Array[Float](5), 2, 3))
    assertThrows[IllegalArgumentException](
      new JavaNDArray(new Array[Float](5), 1, Array(3), 3, Array(1))
    )
    assertThrows[IndexOutOfBoundsException](array.get(0, 3))
    assertThrows[IndexOutOfBoundsException](array.slice(1, 3))
    assertThrows[IndexOutOfBoundsException](array.slice(2, 0))
    assertThrows[IndexOutOfBoundsException](array.subArray(Array(0, 0), Array(3, 3)))
    assertThrows[IllegalArgumentException](array.get(1))
    assertThrows[IllegalArgumentException](array.flatCopy(new Array(5)))
    assert(
      intercept[IllegalArgumentException](array.add(counting(3, 2))).getMessage
        .contains("[2, 3] and [3, 2]")
    )
  }

  "JavaNDUtils" should "compute on shapes" taggedAs Unit in {
    assert(JavaNDUtils.arrayProduct(Array(2, 3, 4)) == 24)
    assert(JavaNDUtils.arrayProduct(Array()) == 1)
    assert(JavaNDUtils.calcDefaultStrides(Array(2, 3, 4)).toSeq == Seq(12, 4, 1))
    assert(JavaNDUtils.dot(Array(1, 2, 3), Array(4, 5, 6)) == 32)
    assert(JavaNDUtils.removeIndex(Array(7, 8, 9), 1).toSeq == Seq(7, 9))
    assert(JavaNDUtils.shapesEqual(Array(1, 2), Array(1, 2)))
    assert(!JavaNDUtils.shapesEqual(Array(1, 2), Array(1, 2, 1)))
    val data = Array(1, 2)
    val copy = JavaNDUtils.copyOf(data)
    copy(0) = 5
    assert(data(0) == 1)
  }
}
