package preprocessing

import org.apache.spark.rdd.RDD

import libs.{ByteImage, NDArray}
import sparknet.io.JobProperties

/** The mean image of a data set. */
object ComputeMean {

  /** @param shape
    *   3, height and width of the images
    * @param numData
    *   number of images, by which the sum of all pixels (0 to 255) is divided
    */
  def apply(
      minibatchRDD: RDD[(Array[ByteImage], Array[Int])],
      shape: Array[Int],
      numData: Int
  ): NDArray = {
    require(
      shape.length == 3 && shape(0) == 3 && numData > 0,
      s"a mean needs a shape 3,H,W and at least one image, not ${shape.mkString(",")} and $numData"
    )
    val (height, width) = (shape(1), shape(2))
    val each = minibatchRDD.mapPartitions { minibatches =>
      val sum = new Array[Double](3 * height * width)
      val pixels = new Array[Float](sum.length)
      for ((images, _) <- minibatches; image <- images) {
        require(
          image.getHeight == height && image.getWidth == width,
          s"an image of ${image.getHeight}x${image.getWidth} in a mean of ${height}x$width"
        )
        image.cropInto(pixels, Array(0, 0), Array(height, width))
        add(sum, pixels)
      }
      Iterator(sum)
    }
    val sums = JobProperties.described(minibatchRDD.sparkContext, "the mean image") {
      each
        .setName("ComputeMean: sums")
        .treeReduce((a, b) => a.indices.map(i => a(i) + b(i)).toArray)
    }
    NDArray(sums.map(sum => (sum / numData).toFloat), shape)
  }

  private def add(sum: Array[Double], pixels: Array[Float]): Unit = {
    var i = 0
    while (i < sum.length) {
      sum(i) += pixels(i)
      i += 1
    }
  }
}
