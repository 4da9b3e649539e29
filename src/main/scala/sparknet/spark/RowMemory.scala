package org.apache.spark.sparknet

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.{UnsafeArrayData, UnsafeRow}
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.unsafe.Platform

/** The rows of DataFrames as Spark has them in memory: values are copied from where they lie, and no
  * object is made of any.
  */
object RowMemory {

  /** A DataFrame's rows. An iterator may give the same object again and again, with other content. */
  def rows(frame: DataFrame): RDD[InternalRow] = frame.queryExecution.toRdd

  /** Copies the elements of an array of floats. */
  def copyFloats(array: ArrayData, to: Array[Float], at: Int): Unit = {
    val count = array.numElements
    require(at >= 0 && count <= to.length - at, s"$count values at $at of ${to.length}")
    array match {
      case there: UnsafeArrayData =>
        Platform.copyMemory(
          there.getBaseObject,
          there.getBaseOffset + UnsafeArrayData.calculateHeaderPortionInBytes(count),
          to,
          Platform.FLOAT_ARRAY_OFFSET + 4L * at,
          4L * count
        )
      case other =>
        var i = 0
        while (i < count) {
          to(at + i) = other.getFloat(i)
          i += 1
        }
    }
  }

  /** Copies the elements of an array of doubles, rounded to floats. */
  def copyDoubles(array: ArrayData, to: Array[Float], at: Int): Unit = {
    val count = array.numElements
    require(at >= 0 && count <= to.length - at, s"$count values at $at of ${to.length}")
    array match {
      case there: UnsafeArrayData =>
        val base = there.getBaseObject
        val start = there.getBaseOffset + UnsafeArrayData.calculateHeaderPortionInBytes(count)
        var i = 0
        while (i < count) {
          to(at + i) = Platform.getDouble(base, start + 8L * i).toFloat
          i += 1
        }
      case other =>
        var i = 0
        while (i < count) {
          to(at + i) = other.getDouble(i).toFloat
          i += 1
        }
    }
  }

  /** The first element that is null, or -1. */
  def firstNull(array: ArrayData): Int = {
    val count = array.numElements
    val first = array match {
      case there: UnsafeArrayData =>
        // A bit for each element, behind their number.
        val (base, bits) = (there.getBaseObject, there.getBaseOffset + 8)
        var from = 0
        while (from < count && Platform.getLong(base, bits + (from >> 3)) == 0) from += 64
        from
      case _ => 0
    }
    var i = first
    while (i < count && !array.isNullAt(i)) i += 1
    if (i < count) i else -1
  }

  /** Copies a binary value if it has `length` bytes. */
  def copyBytes(row: InternalRow, ordinal: Int, length: Int, to: Array[Byte], at: Int): Boolean = {
    require(at >= 0 && length <= to.length - at, s"$length bytes at $at of ${to.length}")
    row match {
      case there: UnsafeRow =>
        val place = there.getLong(ordinal) // offset within the row and size
        val same = place.toInt == length
        if (same)
          Platform.copyMemory(
            there.getBaseObject,
            there.getBaseOffset + (place >>> 32),
            to,
            Platform.BYTE_ARRAY_OFFSET.toLong + at,
            length.toLong
          )
        same
      case other =>
        val bytes = other.getBinary(ordinal)
        val same = bytes.length == length
        if (same) System.arraycopy(bytes, 0, to, at, length)
        same
    }
  }
}
