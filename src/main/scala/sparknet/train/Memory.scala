package sparknet.train

import java.nio.ByteBuffer
import java.util.concurrent.{CompletableFuture, ExecutionException, TimeUnit, TimeoutException}

import org.apache.spark.sparknet.{Fetched, Place, PublishedMemory, SpilledBytes}

import sparknet.data.SparkFailure
import sparknet.jna.{CaffeException, FloatMemory, HalfMemory, NeighbourMemory}

/** How a JVM lets others read its memory, and reads theirs. */
private[train] trait Memory {
  def here: Place

  /** Lets others read bytes, which must not change until they are withdrawn; what memory has no room for
    * is written to disk. Throws an IOException if that has none either.
    *
    * @param copied
    *   whether they are written to disk in any case: they may change then
    */
  def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit
  def withdraw(name: String): Unit

  /** Starts to fetch a piece of what was published. */
  def fetch(from: Published, piece: Int): Incoming

  /** Puts bytes aside on disk. */
  def spill(bytes: ByteBuffer): Spilled
}

/** Bytes that have been put aside on disk, until they are closed. */
private[train] trait Spilled extends AutoCloseable {

  /** Fills a direct buffer of the same size. */
  def read(into: ByteBuffer): Unit
  override def close(): Unit
}

/** A piece on its way. */
private[train] trait Incoming extends AutoCloseable {

  /** Whether it is here, or cannot be had; waits up to `millis`. */
  def await(millis: Long): Boolean

  /** Why it cannot be had, once that is known. */
  def failure: Option[String]

  /** Fills a direct buffer with the bytes from `start` on. Throws [[MissingPiece]] if they have changed
    * since they were published.
    */
  def copyTo(start: Int, into: ByteBuffer): Unit
}

/** Memory that travels over Spark's block transport, or is read where it is by JVMs of one machine. */
private[train] final class SparkMemory extends Memory {
  private val published = new PublishedMemory

  override val here: Place = Place.here
  override def publish(name: String, bytes: ByteBuffer, copied: Boolean): Unit =
    published.publish(name, bytes, copied)
  override def withdraw(name: String): Unit = published.withdraw(name)

  override def fetch(from: Published, piece: Int): Incoming =
    NeighbourPiece
      .of(from, piece, here)
      .getOrElse(new SparkMemory.Travelling(published.fetch(from.place, from.piece(piece))))

  override def spill(bytes: ByteBuffer): Spilled = new Spilled {
    private val own = SparkFailure.reading(() => new SpilledBytes(bytes))
    override def read(into: ByteBuffer): Unit = SparkFailure.reading(() => own.read(into))
    override def close(): Unit = own.close()
  }
}

private object SparkMemory {

  /** Over the network. */
  private final class Travelling(result: CompletableFuture[Fetched]) extends Incoming {
    override def await(millis: Long): Boolean =
      try {
        result.get(millis, TimeUnit.MILLISECONDS)
        true
      } catch {
        case _: TimeoutException   => false
        case _: ExecutionException => true
      }

    override def failure: Option[String] =
      try {
        if (result.isDone) result.get
        None
      } catch { case e: ExecutionException => Some(e.getCause.toString.takeWhile(_ != '\n')) }

    override def copyTo(start: Int, into: ByteBuffer): Unit = result.get.copyTo(start, into)

    override def close(): Unit =
      // What has not arrived is let go as soon as it does.
      if (!result.cancel(false) && !result.isCompletedExceptionally) result.get.close()
  }
}

/** A piece that lies in the memory of another JVM of this machine. */
private[train] final class NeighbourPiece private (
    memory: NeighbourMemory,
    from: Published,
    piece: Int
) extends Incoming {
  private val width = if (from.halves) HalfMemory.width else FloatMemory.width
  private val first = (from.pieces.start(piece) - from.near.offset).toLong * width

  override def await(millis: Long): Boolean = true
  override def failure: Option[String] = None

  override def copyTo(start: Int, into: ByteBuffer): Unit =
    if (!memory.read(from.near.content, first + start, into))
      throw new MissingPiece(s"piece $piece of ${from.name}: it is not there any more")

  override def close(): Unit = memory.close()
}

private[train] object NeighbourPiece {

  /** None: it is not on the machine of `here`, or not to be read by others, or gone. Machines of the same
    * name may be two, or containers that do not see each other.
    */
  def of(from: Published, piece: Int, here: Place): Option[Incoming] =
    if (from.place.host != here.host || from.place == here || from.near.memory.isEmpty) None
    else
      try Some(new NeighbourPiece(new NeighbourMemory(from.near.memory), from, piece))
      catch { case _: CaffeException => None }
}
