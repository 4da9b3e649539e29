package preprocessing

import org.apache.spark.rdd.RDD

import libs.ByteImage
import sparknet.data.{BadRecord, BadRecordLog, ImageCodec}

/** Makes minibatches of images of one size. */
class ScaleAndConvert(batchsize: Int, height: Int, width: Int) extends java.io.Serializable {
  require(
    batchsize > 0 && height > 0 && width > 0,
    s"minibatches of $batchsize images of ${height}x$width"
  )

  /** Decodes an image and resizes it to exactly height x width; None if it cannot be decoded. */
  def convertImage(compressedImg: Array[Byte]): Option[ByteImage] = converted(
    compressedImg
  ).toOption

  /** From encoded images: in each partition full minibatches, without images that are broken. These
    * are reported in the driver's log; see [[sparknet.data.BadRecordLog]].
    */
  def makeMinibatchRDD(data: RDD[(Array[Byte], Int)]): RDD[(Array[ByteImage], Array[Int])] = {
    val images = data.mapPartitionsWithIndex { (partition, items) =>
      items.zipWithIndex.map { case ((bytes, label), i) =>
        def bad(reason: String) = BadRecord(reason, s"record $i of partition $partition")
        converted(bytes).map(_ -> label).left.map(bad)
      }
    }
    BadRecordLog
      .without(images.setName("ScaleAndConvert: images and bad records"), "ScaleAndConvert")
      .mapPartitions(minibatches)
      .setName("ScaleAndConvert: minibatches")
  }

  /** The image, or why there is none. */
  private def converted(compressedImg: Array[Byte]): Either[String, ByteImage] =
    Option(compressedImg)
      .toRight(BadRecord.notAnImage)
      .flatMap(ImageCodec.planes(_, height, width))
      .map(new ByteImage(_, height, width))

  /** From planes of bytes (red, green, blue by rows): in each partition full minibatches. */
  def makeMinibatchRDDWithoutCompression(
      data: RDD[(Array[Byte], Int)]
  ): RDD[(Array[ByteImage], Array[Int])] =
    data
      .mapPartitions { items =>
        minibatches(items.map { case (bytes, label) =>
          new ByteImage(bytes, height, width) -> label
        })
      }
      .setName("ScaleAndConvert: minibatches")

  private def minibatches(
      items: Iterator[(ByteImage, Int)]
  ): Iterator[(Array[ByteImage], Array[Int])] =
    items
      .grouped(batchsize)
      .withPartial(false)
      .map(items => (items.map(_._1).toArray, items.map(_._2).toArray))
}
