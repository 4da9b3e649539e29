package libs

import com.sun.jna.Pointer
import sparknet.data.{PrefetchFeed, TaskThread}
import sparknet.jna.{CaffeException, Status}

/** The callbacks that carry a sampler's minibatches into a pair of JavaData layers.
  *
  * While a net trains or is tested, minibatches are put together ahead, on a thread of their own:
  * [[during]] knows how many the net will ask for. Otherwise each is made when it is asked for.
  */
private[libs] final class MinibatchCallback(
    sampler: MinibatchSampler,
    preprocessing: Option[(ByteImage, Array[Float]) => Unit]
) {
  private var ahead = Option.empty[PrefetchFeed]
  private var expected = 0
  // Which halves of the current minibatch the net has.
  private var imagesTaken = false
  private var labelsTaken = false

  val images: CaffeLibrary.java_callback_t = new CaffeLibrary.java_callback_t {
    override def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
      val dims = shape.getIntArray(0, numDims)
      if (expected > 0 && ahead.isEmpty)
        ahead = Some(new PrefetchFeed(source(dims, batchSize, expected), joinTask(), killed()))
      ahead match {
        case Some(feed) =>
          val minibatch = feed.current()
          if (minibatch.size == 0) tooMany()
          val room = data.getByteBuffer(0, minibatch.memory.size)
          room.put(minibatch.memory.getByteBuffer(0, minibatch.memory.size))
          imagesTaken = true
          advance(feed)
        case None => source(dims, batchSize, 1).writeImages(data)
      }
    }
  }

  val labels: CaffeLibrary.java_callback_t = new CaffeLibrary.java_callback_t {
    private val direct = new MinibatchCallback.Labels(sampler)

    override def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit =
      ahead match {
        case Some(feed) =>
          val minibatch = feed.current()
          if (minibatch.size == 0) tooMany()
          MinibatchCallback.checkSize("labels", minibatch.size, batchSize)
          data.write(0, minibatch.labels, 0, batchSize)
          labelsTaken = true
          advance(feed)
        case None => direct.invoke(data, batchSize, numDims, shape)
      }
  }

  /** Runs what asks for `minibatches` of them. */
  def during[A](minibatches: Int)(body: => A): A = {
    expected = minibatches
    try body
    finally {
      expected = 0
      imagesTaken = false
      labelsTaken = false
      ahead.foreach(_.close())
      ahead = None
    }
  }

  private def advance(feed: PrefetchFeed): Unit = if (imagesTaken && labelsTaken) {
    imagesTaken = false
    labelsTaken = false
    feed.advance()
  }

  private def source(dims: Array[Int], batchSize: Int, minibatches: Int) =
    new SampledMinibatches(sampler, preprocessing, dims, batchSize, minibatches)

  /** Nets are of use without Spark, too. */
  private def joinTask(): Runnable =
    try TaskThread.joining()
    catch { case _: NoClassDefFoundError => () => () }

  /** What ends a wait for data if the task is cancelled. */
  private def killed(): () => Boolean = {
    def ask(): Boolean = {
      TaskThread.stopIfKilled()
      false
    }
    try {
      ask()
      () => ask()
    } catch { case _: NoClassDefFoundError => () => false }
  }

  private def tooMany(): Nothing = throw new CaffeException(
    Status.STATE,
    s"the net asks for more than $expected minibatches"
  )
}

private[libs] object MinibatchCallback {

  /** Labels alone, as floats. */
  final class Labels(sampler: MinibatchSampler) extends CaffeLibrary.java_callback_t {
    override def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
      val labels = sampler.nextLabelMinibatch()
      checkSize("labels", labels.length, batchSize)
      data.write(0, labels.map(_.toFloat), 0, batchSize)
    }
  }

  def checkSize(what: String, found: Int, batchSize: Int): Unit =
    require(found == batchSize, s"a minibatch of $found $what for a batch size of $batchSize")
}
