package libs

import com.sun.jna.Pointer
import sparknet.data.{Minibatch, MinibatchSource}

/** A sampler's minibatches as floats.
  *
  * @param dims
  *   extents of an item
  * @param minibatches
  *   how many to take; a sampler refuses to give more than were sampled
  */
private[libs] final class SampledMinibatches(
    sampler: MinibatchSampler,
    preprocessing: Option[(ByteImage, Array[Float]) => Unit],
    dims: Array[Int],
    batchSize: Int,
    minibatches: Int
) extends MinibatchSource {
  private val size = dims.product
  private val item = new Array[Float](size)
  private var left = minibatches

  override def newMinibatch(): Minibatch = new Minibatch(batchSize, size)

  override def next(into: Minibatch): Unit = {
    into.size = 0
    if (left > 0) {
      left -= 1
      writeImages(into.memory)
      val labels = sampler.nextLabelMinibatch()
      MinibatchCallback.checkSize("labels", labels.length, batchSize)
      for (j <- labels.indices) into.labels(j) = labels(j).toFloat
      into.size = batchSize
    }
  }

  /** Writes the images of the next minibatch, one after the other. */
  def writeImages(data: Pointer): Unit = {
    val images = sampler.nextImageMinibatch()
    MinibatchCallback.checkSize("images", images.length, batchSize)
    val convert = preprocessing.getOrElse(crop)
    for (j <- images.indices) {
      convert(images(j), item)
      data.write(java.lang.Float.BYTES * size.toLong * j, item, 0, size)
    }
  }

  private def crop: (ByteImage, Array[Float]) => Unit = dims match {
    case Array(3, height, width) =>
      (image, buffer) => image.cropInto(buffer, Array(0, 0), Array(height, width))
    case _ =>
      throw new IllegalArgumentException(
        "images go without preprocessing into a layer of 3xHxW only, this one takes " +
          dims.mkString("x")
      )
  }

  override def close(): Unit = ()
}
