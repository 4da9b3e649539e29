package org.apache.spark.sparknet

import org.apache.spark.unsafe.Platform

/** Memory for numbers that take `width` bytes each: an array of the JVM's, or native memory, which must
  * stay where it is. Nothing is written outside of it.
  */
sealed abstract class Room(
    private[sparknet] val base: AnyRef,
    start: Long,
    val length: Int,
    width: Int
) {

  /** Where `count` numbers from `at` on lie, as Unsafe counts. */
  private[sparknet] final def offset(at: Int, count: Int): Long = {
    require(at >= 0 && count >= 0 && count <= length - at, s"$count values at $at of $length")
    start + width.toLong * at
  }
}

final class FloatRoom private (base: AnyRef, start: Long, length: Int)
    extends Room(base, start, length, FloatRoom.width) {

  def this(values: Array[Float]) = this(values, Platform.FLOAT_ARRAY_OFFSET.toLong, values.length)

  def put(at: Int, value: Float): Unit = Platform.putFloat(base, offset(at, 1), value)

  def put(at: Int, from: Array[Float], first: Int, count: Int): Unit =
    new FloatRoom(from).copyTo(first, count, this, at)

  /** Bytes as values 0..255. */
  def put(at: Int, from: Array[Byte]): Unit = {
    val first = offset(at, from.length)
    var i = 0
    while (i < from.length) {
      Platform.putFloat(base, first + 4L * i, (from(i) & 0xff).toFloat)
      i += 1
    }
  }

  def get(at: Int): Float = Platform.getFloat(base, offset(at, 1))

  def clear(at: Int, count: Int): Unit =
    Platform.setMemory(base, offset(at, count), FloatRoom.width.toLong * count, 0.toByte)

  /** Copies `count` values from `first` on. */
  def copyTo(first: Int, count: Int, to: FloatRoom, at: Int): Unit =
    Platform.copyMemory(
      base,
      offset(first, count),
      to.base,
      to.offset(at, count),
      FloatRoom.width.toLong * count
    )
}

object FloatRoom {
  private[sparknet] final val width = 4

  /** Native memory of `length` floats. */
  def at(address: Long, length: Int): FloatRoom = new FloatRoom(null, address, length)
}

final class ByteRoom private (base: AnyRef, start: Long, length: Int)
    extends Room(base, start, length, 1) {

  def this(values: Array[Byte]) = this(values, Platform.BYTE_ARRAY_OFFSET.toLong, values.length)

  def get(at: Int): Byte = Platform.getByte(base, offset(at, 1))

  def put(at: Int, from: Array[Byte], first: Int, count: Int): Unit =
    new ByteRoom(from).copyTo(first, count, this, at)

  /** A copy of `count` bytes from `first` on. */
  def toArray(first: Int, count: Int): Array[Byte] = {
    val bytes = new Array[Byte](count)
    copyTo(first, count, new ByteRoom(bytes), 0)
    bytes
  }

  private def copyTo(first: Int, count: Int, to: ByteRoom, at: Int): Unit =
    Platform.copyMemory(base, offset(first, count), to.base, to.offset(at, count), count.toLong)
}

object ByteRoom {

  /** Native memory of `length` bytes. */
  def at(address: Long, length: Int): ByteRoom = new ByteRoom(null, address, length)
}
