package org.apache.spark.sparknet

import java.nio.ByteBuffer

import io.netty.buffer.ByteBuf
import org.apache.spark.network.buffer.ManagedBuffer

/** Bytes that came from another JVM. */
final class Fetched private[sparknet] (data: ManagedBuffer) extends AutoCloseable {
  // Read as it came, in several parts: one buffer of all would be a copy on the heap.
  private val netty = data.convertToNetty() match {
    case bytes: ByteBuf => Some(bytes)
    case _              => None
  }
  private lazy val whole = data.nioByteBuffer()

  /** Fills a buffer with the bytes from `start` on. */
  def copyTo(start: Int, into: ByteBuffer): Unit = netty match {
    case Some(bytes) =>
      bytes.getBytes(bytes.readerIndex + start, into)
      ()
    case None =>
      val part = whole.duplicate()
      part.position(start)
      part.limit(start + into.remaining)
      into.put(part)
      ()
  }

  override def close(): Unit = {
    netty.foreach(_.release())
    data.release()
    ()
  }
}
