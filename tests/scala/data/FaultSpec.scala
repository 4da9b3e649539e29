package sparknet.data

import java.io.{IOException, UncheckedIOException}

import org.apache.spark.{SparkException, TaskKilledException}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.{CaffeException, Status}

class FaultSpec extends AnyFlatSpec {
  private val shape = Array(1)
  private val good = new Block(shape, Array(0f), Array[Byte](1), null)

  /** Sizes and faults of blocks after the first of which something is thrown: by `next` or `hasNext`. */
  private def caught(thrown: Throwable): Seq[Seq[(Int, Option[Fault])]] =
    for (early <- Seq(false, true)) yield {
      val blocks = new Iterator[Block] {
        private var made = 0
        override def hasNext: Boolean = if (early && made == 1) throw thrown else true
        override def next(): Block = {
          made += 1
          if (made > 1) throw thrown
          good
        }
      }
      Fault.caught(shape, blocks).map(block => (block.size, block.fault)).toList
    }

  private def fault(thrown: Throwable): Fault = {
    val Seq(late, early) = caught(thrown)
    assert(late == early && late.map(_._1) == Seq(1, 0) && late.head._2.isEmpty)
    late.last._2.get
  }

  private def raised(error: String): Throwable = PythonFailure(
    s"Traceback (most recent call last):\n  File 'x.py', line 1, in f\n    g()\n$error\n"
  )

  "A Fault" should "be what users' functions throw" taggedAs Unit in {
    val own = fault(new IllegalStateException("mine"))
    assert(own.status == Status.CALLBACK)
    assert(
      own.message.startsWith("java.lang.IllegalStateException: mine (at sparknet.data.FaultSpec")
    )
    val udf = new SparkException("Failed to execute user defined function", new ArithmeticException)
    assert(fault(udf).status == Status.CALLBACK)
    assert(
      fault(raised("ValueError: no such colour")) ==
        Fault(
          Status.CALLBACK,
          "a Python function on an executor failed: ValueError: no such colour"
        )
    )
    assert(fault(new CaffeException(Status.SHAPE, "too long")) == Fault(Status.SHAPE, "too long"))
    assert(fault(new RuntimeException).thrown.getCodeName == "CALLBACK")
  }

  it should "not be what Spark or a storage throws" taggedAs Unit in {
    for (
      own <- Seq(
        new IOException("connection reset"),
        new RuntimeException(new IOException("connection reset")),
        new UncheckedIOException(new IOException("closed")),
        new java.util.concurrent.TimeoutException("no answer"),
        new SparkException("Failed to get broadcast_7_piece0"),
        new TaskKilledException,
        raised("ConnectionResetError: [Errno 104] Connection reset by peer"),
        raised("OSError: disk")
      )
    ) assert(intercept[Exception](caught(own)) eq own)
  }

  it should "end where blocks end" taggedAs Unit in {
    val blocks = Fault.caught(shape, Iterator(good, good))
    assert(blocks.toList == List(good, good) && !blocks.hasNext)
    assertThrows[NoSuchElementException](blocks.next())
  }

  it should "be read from what Python packs" taggedAs Unit in {
    val text = "SHAPE: item 1: of \u00e9".getBytes("UTF-8")
    val packed = Array[Byte](text.length.toByte, 0, 0, 0, 2, 0, 0, 0) ++ text
    val block = Block.unpack(packed, shape)
    assert(block.size == 0 && block.fault.contains(Fault(Status.SHAPE, "item 1: of \u00e9")))
  }
}
