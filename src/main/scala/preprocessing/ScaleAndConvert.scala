package preprocessing

import org.apache.spark.rdd.RDD

import libs.ByteImage
import sparknet.data.ImageCodec

/** Makes minibatches of images of one size. */
class ScaleAndConvert(batchsize: Int, height: Int, width: Int) extends java.io.Serializable {
  require(
    batchsize > 0 && height > 0 && width > 0,
    s"minibatches of $batchsize images of ${height}x$width"
  )

  /** Decodes an image and resizes it to exactly height x width; None if it cannot be decoded. */
  def convertImage(compressedImg: Array[Byte]): Option[ByteImage] =
    Option(compressedImg)
      .flatMap(ImageCodec.planes(_, height, width).toOption)
      .map(new ByteImage(_, height, width))

  /** From encoded images: in each partition full minibatches, without images that are broken. */
  def makeMinibatchRDD(data: RDD[(Array[Byte], Int)]): RDD[(Array[ByteImage], Array[Int])] =
    data.mapPartitions { items =>
      minibatches(items.flatMap { case (bytes, label) => convertImage(bytes).map(_ -> label) })
    }

  /** From planes of bytes (red, green, blue by rows): in each partition full minibatches. */
  def makeMinibatchRDDWithoutCompression(
      data: RDD[(Array[Byte], Int)]
  ): RDD[(Array[ByteImage], Array[Int])] =
    data.mapPartitions { items =>
      minibatches(items.map { case (bytes, label) => new ByteImage(bytes, height, width) -> label })
    }

  private def minibatches(
      items: Iterator[(ByteImage, Int)]
  ): Iterator[(Array[ByteImage], Array[Int])] =
    items
      .grouped(batchsize)
      .withPartial(false)
      .map(items => (items.map(_._1).toArray, items.map(_._2).toArray))
}
