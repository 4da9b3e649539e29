package org.apache.spark.sparknet

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.{UnsafeArrayData, UnsafeRow}
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.execution.SparkPlan
import org.apache.spark.sql.execution.columnar.sparknet.CachedRows
import org.apache.spark.unsafe.Platform

/** The rows of DataFrames as Spark has them in memory: values are copied from where they lie, and no
  * object is made of any.
  */
object RowMemory {

  /** A DataFrame's rows. An iterator may give the same object again and again, with other content. */
  def rows(frame: DataFrame): RDD[InternalRow] = {
    val query = frame.queryExecution
    CachedRows.of(query.executedPlan).getOrElse(query.toRdd)
  }

  /** Those that a plan makes, as above. */
  def rows(plan: SparkPlan): RDD[InternalRow] = CachedRows.of(plan).getOrElse(plan.execute())

  /** Copies the elements of an array of floats. */
  def copyFloats(array: ArrayData, to: FloatRoom, at: Int): Unit = {
    val count = array.numElements()
    val start = to.offset(at, count)
    array match {
      case there: UnsafeArrayData =>
        Platform.copyMemory(
          there.getBaseObject,
          there.getBaseOffset + UnsafeArrayData.calculateHeaderPortionInBytes(count),
          to.base,
          start,
          4L * count
        )
      case other =>
        var i = 0
        while (i < count) {
          Platform.putFloat(to.base, start + 4L * i, other.getFloat(i))
          i += 1
        }
    }
  }

  /** Copies the elements of an array of doubles, rounded to floats. */
  def copyDoubles(array: ArrayData, to: FloatRoom, at: Int): Unit = {
    val count = array.numElements()
    val start = to.offset(at, count)
    val into = to.base
    array match {
      case there: UnsafeArrayData =>
        val from = there.getBaseObject
        val first = there.getBaseOffset + UnsafeArrayData.calculateHeaderPortionInBytes(count)
        var i = 0
        // Four at a time: the JVM does not unroll loops over memory of any kind.
        while (i <= count - 4) {
          val read = first + 8L * i
          val written = start + 4L * i
          val a = Platform.getDouble(from, read)
          val b = Platform.getDouble(from, read + 8)
          val c = Platform.getDouble(from, read + 16)
          val d = Platform.getDouble(from, read + 24)
          Platform.putFloat(into, written, a.toFloat)
          Platform.putFloat(into, written + 4, b.toFloat)
          Platform.putFloat(into, written + 8, c.toFloat)
          Platform.putFloat(into, written + 12, d.toFloat)
          i += 4
        }
        while (i < count) {
          Platform.putFloat(into, start + 4L * i, Platform.getDouble(from, first + 8L * i).toFloat)
          i += 1
        }
      case other =>
        var i = 0
        while (i < count) {
          Platform.putFloat(into, start + 4L * i, other.getDouble(i).toFloat)
          i += 1
        }
    }
  }

  /** Whether none of these values is NaN or infinite. Two at a time, and no way out of the loop: the
    * JVM makes one value after the other of a plain loop, which takes longer than to copy them.
    */
  def areFinite(values: FloatRoom, from: Int, count: Int): Boolean = {
    val start = values.offset(from, count)
    val base = values.base
    var carried = 0L
    var i = 0
    while (i <= count - 8) {
      val at = start + 4L * i
      carried |= carries(base, at) | carries(base, at + 8) |
        carries(base, at + 16) | carries(base, at + 24)
      i += 8
    }
    var finite = (carried & signs) == 0
    while (i < count) {
      val value = Platform.getFloat(base, start + 4L * i)
      finite &= value - value == 0
      i += 1
    }
    finite
  }

  /** An exponent of ones and one more is a carry into the sign's place. */
  @inline private def carries(values: AnyRef, at: Long): Long =
    (Platform.getLong(values, at) & exponents) + oneMore

  private final val exponents = 0x7f8000007f800000L
  private final val oneMore = 0x0080000000800000L
  private final val signs = 0x8000000080000000L

  /** The first element that is null, or -1. */
  def firstNull(array: ArrayData): Int = {
    val count = array.numElements()
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
  def copyBytes(row: InternalRow, ordinal: Int, length: Int, to: ByteRoom, at: Int): Boolean = {
    val start = to.offset(at, length)
    row match {
      case there: UnsafeRow =>
        val place = there.getLong(ordinal) // offset within the row and size
        val same = place.toInt == length
        if (same)
          Platform.copyMemory(
            there.getBaseObject,
            there.getBaseOffset + (place >>> 32),
            to.base,
            start,
            length.toLong
          )
        same
      case other =>
        val bytes = other.getBinary(ordinal)
        val same = bytes.length == length
        if (same) to.put(at, bytes, 0, length)
        same
    }
  }
}
