package org.apache.spark.sparknet

import java.io.EOFException
import java.nio.ByteBuffer
import java.nio.channels.Channels
import java.util.UUID

import org.apache.spark.SparkEnv
import org.apache.spark.storage.TempLocalBlockId
import org.apache.spark.util.io.ChunkedByteBuffer

/** Bytes of a direct buffer on the local disk, among what Spark has there and encrypted as that is, until
  * they are closed or the JVM ends.
  */
final class SpilledBytes(bytes: ByteBuffer) extends AutoCloseable {
  private val disk = SparkEnv.get.blockManager.diskStore
  private val id = TempLocalBlockId(UUID.randomUUID)

  disk.putBytes(id, new ChunkedByteBuffer(bytes))

  /** Fills a buffer of the same size. */
  def read(into: ByteBuffer): Unit = {
    val in = Channels.newChannel(disk.getBytes(id).toInputStream())
    try while (into.hasRemaining && in.read(into) >= 0) ()
    finally in.close()
    if (into.hasRemaining) throw new EOFException(s"${into.remaining} bytes are missing")
  }

  override def close(): Unit = {
    disk.remove(id)
    ()
  }
}
