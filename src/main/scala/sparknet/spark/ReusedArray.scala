package org.apache.spark.sparknet

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData
import org.apache.spark.unsafe.Platform

/** An array as Spark has it in rows, whose memory is written again and again: rows copy it. */
sealed abstract class ReusedArray(width: Int) {

  /** The array, until the next change. */
  val data = new UnsafeArrayData

  protected var bytes: Array[Byte] = Array.empty
  protected var first = 0L // where the elements lie
  private var count = -1

  def length: Int = count

  /** Sets the number of elements, whose values are then any. */
  def resize(elements: Int): Unit = if (elements != count) {
    val header = UnsafeArrayData.calculateHeaderPortionInBytes(elements)
    // Whole words, as rows have them.
    bytes = new Array[Byte](Math.toIntExact((header + width.toLong * elements + 7) / 8 * 8))
    Platform.putLong(bytes, Platform.BYTE_ARRAY_OFFSET.toLong, elements.toLong)
    data.pointTo(bytes, Platform.BYTE_ARRAY_OFFSET.toLong, bytes.length)
    first = Platform.BYTE_ARRAY_OFFSET.toLong + header
    count = elements
  }

  protected def check(i: Int): Unit = require(i >= 0 && i < count, s"element $i of $count")
}

final class FloatArray extends ReusedArray(FloatRoom.width) {

  /** All elements, from values of which the first one is number `from`. */
  def copy(values: FloatRoom, from: Int): Unit =
    Platform.copyMemory(
      values.base,
      values.offset(from, length),
      bytes,
      first,
      FloatRoom.width.toLong * length
    )
}

final class DoubleArray extends ReusedArray(8) {
  def put(i: Int, value: Double): Unit = {
    check(i)
    Platform.putDouble(bytes, first + 8L * i, value)
  }

  /** As [[FloatArray.copy]]. */
  def copy(values: FloatRoom, from: Int): Unit = {
    val (base, start, into) = (values.base, values.offset(from, length), bytes)
    var i = 0
    // Four at a time: the JVM does not unroll loops over memory of any kind.
    while (i <= length - 4) {
      val read = start + 4L * i
      val written = first + 8L * i
      val a = Platform.getFloat(base, read)
      val b = Platform.getFloat(base, read + 4)
      val c = Platform.getFloat(base, read + 8)
      val d = Platform.getFloat(base, read + 12)
      Platform.putDouble(into, written, a.toDouble)
      Platform.putDouble(into, written + 8, b.toDouble)
      Platform.putDouble(into, written + 16, c.toDouble)
      Platform.putDouble(into, written + 24, d.toDouble)
      i += 4
    }
    while (i < length) {
      Platform.putDouble(into, first + 8L * i, Platform.getFloat(base, start + 4L * i).toDouble)
      i += 1
    }
  }
}
