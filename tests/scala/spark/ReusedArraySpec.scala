package org.apache.spark.sparknet

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData
import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

class ReusedArraySpec extends AnyFlatSpec {
  private val values = Array.tabulate(300)(i => i * 0.25f)
  private val room = new FloatRoom(values)

  private def content(array: UnsafeArrayData): Seq[Byte] = {
    val bytes = new Array[Byte](array.getSizeInBytes)
    array.writeToMemory(bytes, org.apache.spark.unsafe.Platform.BYTE_ARRAY_OFFSET.toLong)
    bytes.toSeq
  }

  "Arrays that are used again" should "be, byte for byte, as Spark makes them" taggedAs Unit in {
    val (floats, doubles) = (new FloatArray, new DoubleArray)
    for (count <- Seq(0, 1, 2, 5, 63, 64, 65, 200, 3); from <- Seq(0, 1, 100)) {
      val part = values.slice(from, from + count)
      floats.resize(count)
      floats.copy(room, from)
      assert(content(floats.data) == content(UnsafeArrayData.fromPrimitiveArray(part)))
      doubles.resize(count)
      doubles.copy(room, from)
      val expected = UnsafeArrayData.fromPrimitiveArray(part.map(_.toDouble))
      assert(content(doubles.data) == content(expected))
    }
  }

  they should "take single elements, and none outside" taggedAs Unit in {
    val array = new DoubleArray
    array.resize(2)
    array.put(0, 1.5)
    array.put(1, -2.0)
    assert(array.data.toDoubleArray.toSeq == Seq(1.5, -2.0) && array.length == 2)
    assertThrows[IllegalArgumentException](array.put(2, 0))
    assertThrows[IllegalArgumentException](array.put(-1, 0))
    array.resize(250)
    assertThrows[IllegalArgumentException](array.copy(room, 51))
  }
}
