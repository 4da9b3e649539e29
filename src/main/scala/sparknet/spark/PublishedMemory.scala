package org.apache.spark.sparknet

import java.io.IOException
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture

import org.apache.spark.SparkEnv
import org.apache.spark.network.buffer.ManagedBuffer
import org.apache.spark.network.shuffle.BlockFetchingListener
import org.apache.spark.storage.{BlockNotFoundException, StorageLevel, TestBlockId}
import org.apache.spark.util.io.ChunkedByteBuffer

/** Memory of this JVM that the application's other JVMs read, and theirs: over Spark's block transport,
  * on its ports, authenticated and encrypted as Spark is configured.
  *
  * A published buffer counts as storage memory of the heap, although it is not copied and may lie
  * outside. It is pinned: Spark does not drop it, and a reader that is under way holds up its
  * withdrawal. One thread publishes and withdraws: that of the task, if there is one.
  */
final class PublishedMemory {
  private val blocks = SparkEnv.get.blockManager
  private val stored = new StoredBytes(blocks)
  private val here = Place.here
  private var published = Set.empty[String]
  StoreLog.hide(block(PublishedMemory.prefix))

  /** Publishes a direct buffer that has no cleaner, as JNA's have none: Spark would run it. The content
    * must not change until it is withdrawn. What storage memory has no room for is written to the local
    * disk, and read from there. Throws an IOException where that has none either.
    *
    * @param copied
    *   whether it is written to disk in any case: the buffer may change then
    */
  def publish(name: String, memory: ByteBuffer, copied: Boolean): Unit = {
    val id = block(name)
    def put(level: StorageLevel) =
      stored.put(id, new ChunkedByteBuffer(memory), level)
    // Not one level of both: who read it from disk would have Spark look for room on the heap again.
    val done = (!copied && put(StorageLevel.MEMORY_ONLY_SER)) || put(StorageLevel.DISK_ONLY)
    // The lock of a reader, which keeps Spark from dropping the block for another one.
    if (!done || blocks.getLocalBytes(id).isEmpty)
      throw new IOException(s"$name could not be stored")
    published += name
  }

  /** Takes it back, once nobody reads it. */
  def withdraw(name: String): Unit = if (published.contains(name)) {
    published -= name
    blocks.releaseLock(block(name))
    blocks.removeBlock(block(name), tellMaster = false)
  }

  /** Fetches what a JVM, this or another one, has published.
    *
    * @return
    *   fails if it has not, or is gone
    */
  def fetch(from: Place, name: String): CompletableFuture[Fetched] = {
    val result = new CompletableFuture[Fetched]
    if (from == here) {
      try result.complete(new Fetched(blocks.getLocalBlockData(block(name))))
      catch { case missing: BlockNotFoundException => result.completeExceptionally(missing) }
      return result
    }
    val listener = new BlockFetchingListener {
      override def onBlockFetchSuccess(id: String, data: ManagedBuffer): Unit = {
        data.retain() // Spark releases its own hold after this call
        val fetched = new Fetched(data)
        if (!result.complete(fetched)) fetched.close()
      }
      override def onBlockFetchFailure(id: String, thrown: Throwable): Unit = {
        result.completeExceptionally(thrown)
        ()
      }
    }
    blocks.blockTransferService.fetchBlocks(
      from.host,
      from.port,
      from.executor,
      Array(block(name).name),
      listener,
      null
    )
    result
  }

  // Spark finds a block by its name only if the name tells its kind.
  private def block(name: String) = TestBlockId(name)
}

object PublishedMemory {

  /** How all names of what is published begin. */
  val prefix = "sparknet-"
}
