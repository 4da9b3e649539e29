package org.apache.spark.sparknet

import java.nio.file.{Files, Path, Paths}
import java.nio.{ByteBuffer, ByteOrder}
import java.util.concurrent.ExecutionException

import org.apache.logging.log4j.LogManager
import org.apache.spark.storage.TestBlockId
import org.apache.spark.storage.memory.MemoryStore
import org.apache.spark.{SparkEnv, TaskContext}
import org.scalatest.flatspec.AnyFlatSpec
import support.{Logged, OnCluster, SparkTag, Temporary}

import sparknet.jna.FloatMemory

/** What an executor publishes that is more than its storage memory. */
class PublishedMemorySpec extends AnyFlatSpec with OnCluster {

  "Published memory" should "go to disk where there is no room for it, and be read from there" taggedAs
    SparkTag in Temporary.folder { folder =>
      val meeting = folder.toString
      val told = sc.parallelize(0 to 1, 2).map(PublishedMemorySpec.exchange(_, meeting)).collect()
      for ((executor, onDisk) <- told) {
        // 40 pieces of 16 MB, in heaps of 1 GB of which Spark gives 0.6 times what is beside 300 MB.
        assert(onDisk >= 40 - (1024 - 300) * 6 / 10 / 16, s"in executor $executor")
        assert(onDisk < 40, s"in executor $executor")
      }
      assert(told.map(_._1).distinct.length == 2)
    }

  it should "leave Spark's log to others" taggedAs SparkTag in {
    val told = sc.parallelize(Seq(1), 1).map { _ =>
      Logged.by(classOf[MemoryStore]) { lines =>
        new PublishedMemory
        val memory = new PublishedMemory // hides no more than the first one
        val values = FloatMemory.of(Array(1f, 2f))
        val names = Seq(s"${PublishedMemory.prefix}quiet", "of somebody else")
        names.foreach(memory.publish(_, values.bytes(0, 2), copied = false))
        names.foreach(memory.withdraw)
        LogManager
          .getLogger(classOf[MemoryStore])
          .warn(s"Block ${TestBlockId(names.head)} is missed")
        lines().filter(_.level != "DEBUG").map(_.text.takeWhile(_ != '(').trim)
      }
    }
    assert(
      told.collect().flatten.toSeq == Seq(
        "Block test_of somebody else stored as bytes in memory",
        "Block test_sparknet-quiet is missed"
      )
    )
  }

  "Spilled bytes" should "be as they were when they were spilled" taggedAs SparkTag in {
    val read = sc.parallelize(Seq(1), 1).map { _ =>
      val values = FloatMemory.of(Array(1f, 2f, 3f))
      val spilled = new SpilledBytes(values.bytes(1, 2))
      values.clear()
      val again = new FloatMemory(2)
      spilled.read(again.bytes(0, 2))
      spilled.close()
      again.toArray.toSeq
    }
    assert(read.collect().toSeq == Seq(Seq(2f, 3f)))
  }
}

private object PublishedMemorySpec {
  private val count = 1 << 22 // 16 MB

  /** Each of two tasks publishes, and reads what the other one and itself have.
    *
    * @return
    *   the executor, and how much is on disk
    */
  def exchange(task: Int, meeting: String): (String, Int) = {
    val memory = new PublishedMemory
    val values = new FloatMemory(count)
    def set(value: Float) = values.floats.put(0, value).put(count - 1, value + 1)
    set(task + 10f)
    val names = (0 until 40).map(i => s"${PublishedMemory.prefix}$i")
    names.init.foreach(memory.publish(_, values.bytes(0, count), copied = false))
    val copied = s"${PublishedMemory.prefix}copied"
    val changing = new FloatMemory(2)
    changing.floats.put(0, task + 20f)
    memory.publish(copied, changing.bytes(0, 2), copied = true)
    changing.clear()
    memory.publish(names.last, values.bytes(0, count), copied = false)
    val blocks = SparkEnv.get.blockManager
    val onDisk = names.count(name => blocks.diskStore.contains(storage(name)))
    assert(blocks.diskStore.contains(storage(copied)))

    val here = Place.here
    val other =
      meet(task, Paths.get(meeting), "there", s"${here.host} ${here.port} ${here.executor}")
    val Array(host, port, executor) = other.split(' ')
    val places = Seq(here -> task, Place(host, port.toInt, executor) -> (1 - task))
    for ((place, whose) <- places) {
      for (name <- Seq(names.head, names.last)) {
        val read = floats(memory, place, name, count)
        assert(read.get(0) == whose + 10f && read.get(count - 1) == whose + 11f)
      }
      assert(floats(memory, place, copied, 2).get(0) == whose + 20f)
    }
    meet(task, Paths.get(meeting), "read", "all")
    (names :+ copied).foreach(memory.withdraw)
    assert(!names.exists(name => blocks.diskStore.contains(storage(name))))
    val gone = memory.fetch(here, names.last)
    assert(gone.isCompletedExceptionally)
    try gone.get
    catch { case _: ExecutionException => () }
    values.close()
    (SparkEnv.get.executorId, onDisk)
  }

  private def storage(name: String) = TestBlockId(name)

  private def floats(memory: PublishedMemory, from: Place, name: String, count: Int) = {
    val into = ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder)
    val fetched = memory.fetch(from, name).get
    try
      for (end <- Seq(4, 4 * count)) { // one part after the other
        into.limit(end)
        fetched.copyTo(into.position(), into)
      }
    finally fetched.close()
    into.rewind()
    into.asFloatBuffer
  }

  /** Leaves a word for the other task, and waits for its. */
  private def meet(task: Int, folder: Path, what: String, word: String): String = {
    val own = Files.writeString(folder.resolve(s"$what$task.next"), word)
    Files.move(own, folder.resolve(s"$what$task"))
    val other = folder.resolve(s"$what${1 - task}")
    while (!Files.exists(other) && !TaskContext.get().isInterrupted()) Thread.sleep(10)
    Files.readString(other)
  }
}
