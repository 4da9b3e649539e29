package sparknet.data

import java.io.{EOFException, IOException}

import org.apache.spark.{SparkException, TaskKilledException}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Status}

class SparkFailureSpec extends AnyFlatSpec {
  private def found(thrown: Throwable): Option[Throwable] =
    Option(SparkFailure.in(thrown).orElse(null))

  /** As the engine gives what its callback threw. */
  private def inCallback(cause: Throwable): CaffeException =
    new CaffeException(Status.CALLBACK, "the feed failed", cause)

  "SparkFailure" should "find what Spark must see under what the engine made of it" taggedAs
    Unit in {
      for (
        own <- Seq(
          new TaskKilledException,
          new SparkException("Failed to get broadcast_7_piece0"),
          new SparkException("Python worker exited unexpectedly", new EOFException),
          new SparkException("Exception thrown in awaitResult", new SparkException("lost")),
          new OutOfMemoryError("Java heap space"),
          new InterruptedException
        )
      ) {
        assert(found(own).contains(own))
        assert(found(inCallback(new RuntimeException(own))).exists(_ eq own))
      }
    }

  it should "leave alone what users' data and functions throw" taggedAs Unit in {
    for (
      thrown <- Seq(
        new IllegalStateException("mine"),
        new IOException("of a file that my function reads"),
        new CaffeException(Status.NUMERIC, "the loss is NaN"),
        new SparkException("Failed to execute user defined function", new ArithmeticException),
        new NoClassDefFoundError("a/Library")
      )
    ) {
      assert(found(thrown).isEmpty)
      assert(found(inCallback(thrown)).isEmpty)
    }
  }

  it should "know failures of what data are read from" taggedAs Unit in {
    val lost = new IOException("connection reset")
    val thrown = intercept[RuntimeException](SparkFailure.reading[Int](() => throw lost))
    assert(found(inCallback(thrown)).contains(lost))
    val mine = new IllegalStateException("mine")
    val same = intercept[IllegalStateException](SparkFailure.reading[Int](() => throw mine))
    assert((same eq mine) && SparkFailure.reading(() => 5) == 5)
  }

  it should "come to an end where causes form a ring" taggedAs Unit in {
    val (a, b) = (new RuntimeException("a"), new RuntimeException("b"))
    a.initCause(b)
    b.initCause(a)
    assert(found(a).isEmpty)
  }
}
