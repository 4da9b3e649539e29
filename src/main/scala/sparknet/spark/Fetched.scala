package org.apache.spark.sparknet

import java.io.EOFException
import java.nio.ByteBuffer
import java.nio.channels.{Channels, ReadableByteChannel}

import io.netty.buffer.ByteBuf
import org.apache.commons.io.IOUtils
import org.apache.spark.network.buffer.ManagedBuffer

/** Bytes that came from another JVM, or lie on the disk of this one. */
final class Fetched private[sparknet] (data: ManagedBuffer) extends AutoCloseable {
  // Read as it came, in several parts: one buffer of all would be a copy on the heap.
  private val netty = data.convertToNetty() match {
    case bytes: ByteBuf => Some(bytes)
    case _              => None
  }
  // A file is read, not mapped: what was mapped stays in the process's memory until the heap is cleaned.
  private lazy val file = data.createInputStream()
  private var open = Option.empty[ReadableByteChannel]
  private var position = 0

  /** Fills a direct buffer with the bytes from `start` on, which are not before those of the last call. */
  def copyTo(start: Int, into: ByteBuffer): Unit = netty match {
    case Some(bytes) =>
      bytes.getBytes(bytes.readerIndex + start, into)
      ()
    case None =>
      open = open.orElse(Some(Channels.newChannel(file)))
      IOUtils.skipFully(file, start.toLong - position)
      position = start + into.remaining
      while (into.hasRemaining && open.get.read(into) >= 0) ()
      if (into.hasRemaining) throw new EOFException(s"${into.remaining} bytes are missing")
  }

  override def close(): Unit = {
    netty.foreach(_.release())
    open.foreach(_.close())
    data.release()
    ()
  }
}
