package sparknet.train

import java.nio.ByteBuffer
import java.util.concurrent.{ExecutionException, TimeUnit, TimeoutException}

import org.apache.spark.sparknet.{Place, PublishedMemory}

/** How a JVM lets others read its memory, and reads theirs. */
private[train] trait Memory {
  def here: Place

  /** @return false: Spark's storage memory has no room */
  def publish(name: String, bytes: ByteBuffer): Boolean
  def withdraw(name: String): Unit

  /** Starts to fetch what was published at a place. */
  def fetch(from: Place, name: String): Incoming
}

/** A piece on its way. */
private[train] trait Incoming extends AutoCloseable {

  /** Whether it is here, or cannot be had; waits up to `millis`. */
  def await(millis: Long): Boolean

  /** Why it cannot be had, once that is known. */
  def failure: Option[String]

  /** Fills a buffer with the bytes from `start` on. */
  def copyTo(start: Int, into: ByteBuffer): Unit
}

/** Memory that travels over Spark's block transport. */
private[train] final class SparkMemory extends Memory {
  private val published = new PublishedMemory

  override val here: Place = Place.here
  override def publish(name: String, bytes: ByteBuffer): Boolean = published.publish(name, bytes)
  override def withdraw(name: String): Unit = published.withdraw(name)

  override def fetch(from: Place, name: String): Incoming = {
    val result = published.fetch(from, name)
    new Incoming {
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
}
