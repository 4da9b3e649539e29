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
        // Pieces that stay in the cache: the JVM is quicker at arrays than at memory of any kind.
        val piece = new Array[Double](math.min(count, pieceLength))
        var from = 0
        while (from < count) {
          val n = math.min(count - from, piece.length)
          Platform.copyMemory(base, start + 8L * from, piece, Platform.DOUBLE_ARRAY_OFFSET, 8L * n)
          round(piece, n, to, at + from)
          from += n
        }
      case other =>
        var i = 0
        while (i < count) {
          to(at + i) = other.getDouble(i).toFloat
          i += 1
        }
    }
  }

  private def round(values: Array[Double], count: Int, to: Array[Float], at: Int): Unit = {
    var i = 0
    while (i < count) {
      to(at + i) = values(i).toFloat
      i += 1
    }
  }

  private final val pieceLength = 512

  /** Whether none of these values is NaN or infinite. Two at a time, and no way out of the loop: the
    * JVM makes one value after the other of a plain loop, which takes longer than to copy them.
    */
  def areFinite(values: Array[Float], from: Int, count: Int): Boolean = {
    require(from >= 0 && count <= values.length - from, s"$count values at $from")
    val start = Platform.FLOAT_ARRAY_OFFSET + 4L * from
    var carried = 0L
    var i = 0
    while (i <= count - 8) {
      val at = start + 4L * i
      carried |= carries(values, at) | carries(values, at + 8) |
        carries(values, at + 16) | carries(values, at + 24)
      i += 8
    }
    var finite = (carried & signs) == 0
    while (i < count) {
      val value = values(from + i)
      finite &= value - value == 0
      i += 1
    }
    finite
  }

  /** An exponent of ones and one more is a carry into the sign's place. */
  @inline private def carries(values: Array[Float], at: Long): Long =
    (Platform.getLong(values, at) & exponents) + oneMore

  private final val exponents = 0x7f8000007f800000L
  private final val oneMore = 0x0080000000800000L
  private final val signs = 0x8000000080000000L

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
