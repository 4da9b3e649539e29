package libs

import java.io.{ByteArrayInputStream, ByteArrayOutputStream, ObjectInputStream, ObjectOutputStream}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class NDArraySpec extends AnyFlatSpec {
  private def array = NDArray(Array(0f, 1f, 2f, 3f, 4f, 5f), Array(2, 3))

  "An NDArray" should "wrap values without copying them" taggedAs Unit in {
    val values = new Array[Float](6)
    val wrapped = NDArray(values, Array(2, 3))
    wrapped.set(Array(1, 0), 7f)
    assert(values(3) == 7f)
    assert(wrapped.getBuffer() eq values)
    assert(wrapped.shape.toSeq == Seq(2, 3) && wrapped.dim == 2)
  }

  it should "give views" taggedAs Unit in {
    assert(array.slice(0, 1).toFlat().toSeq == Seq(3f, 4f, 5f))
    assert(array.subarray(Array(0, 1), Array(2, 3)).toFlat().toSeq == Seq(1f, 2f, 4f, 5f))
    assert(array.get(Array(1, 1)) == 4f)
  }

  it should "add, subtract and divide in place" taggedAs Unit in {
    val a = array
    a.add(array)
    a.scalarDivide(4f)
    a.subtract(NDArray(Array.fill(6)(1f), Array(2, 3)))
    assert(a.toFlat().toSeq == Seq(-1f, -0.5f, 0f, 0.5f, 1f, 1.5f))
  }

  it should "give sums as new arrays" taggedAs Unit in {
    val (a, b) = (array, array)
    val sum = NDArray.plus(a, b)
    assert(sum.toFlat().toSeq == Seq(0f, 2f, 4f, 6f, 8f, 10f))
    assert(a.toFlat().toSeq == b.toFlat().toSeq)
    assert(NDArray.zeros(Array(2, 2)).toFlat().toSeq == Seq(0f, 0f, 0f, 0f))
    val result = new Array[Float](6)
    sum.flatCopy(result)
    assert(result.toSeq == sum.toFlat().toSeq)
  }

  it should "survive Java serialisation" taggedAs Unit in {
    val bytes = new ByteArrayOutputStream
    new ObjectOutputStream(bytes).writeObject(array.slice(1, 1))
    val read = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray)).readObject()
    assert(read.asInstanceOf[NDArray].toFlat().toSeq == Seq(1f, 4f))
  }
}
