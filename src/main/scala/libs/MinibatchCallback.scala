package libs

import com.sun.jna.Pointer

/** The callbacks that carry a sampler's minibatches into a pair of JavaData layers. */
private[libs] object MinibatchCallback {

  final class Images(
      sampler: MinibatchSampler,
      preprocessing: Option[(ByteImage, Array[Float]) => Unit]
  ) extends CaffeLibrary.java_callback_t {
    private var item = Array.empty[Float]

    override def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
      val dims = shape.getIntArray(0, numDims)
      val size = dims.product
      val images = sampler.nextImageMinibatch()
      checkSize("images", images.length, batchSize)
      if (item.length != size) item = new Array[Float](size)
      val convert = preprocessing.getOrElse(crop(dims))
      for (j <- images.indices) {
        convert(images(j), item)
        data.write(java.lang.Float.BYTES * size.toLong * j, item, 0, size)
      }
    }

    private def crop(dims: Array[Int]): (ByteImage, Array[Float]) => Unit = dims match {
      case Array(3, height, width) =>
        (image, buffer) => image.cropInto(buffer, Array(0, 0), Array(height, width))
      case _ =>
        throw new IllegalArgumentException(
          "images go without preprocessing into a layer of 3xHxW only, this one takes " +
            dims.mkString("x")
        )
    }
  }

  final class Labels(sampler: MinibatchSampler) extends CaffeLibrary.java_callback_t {
    override def invoke(data: Pointer, batchSize: Int, numDims: Int, shape: Pointer): Unit = {
      val labels = sampler.nextLabelMinibatch()
      checkSize("labels", labels.length, batchSize)
      data.write(0, labels.map(_.toFloat), 0, batchSize)
    }
  }

  private def checkSize(what: String, found: Int, batchSize: Int): Unit =
    require(found == batchSize, s"a minibatch of $found $what for a batch size of $batchSize")
}
