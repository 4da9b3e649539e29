package sparknet.data

import scala.collection.mutable.ArrayBuffer

import org.apache.spark.rdd.RDD

/** Packs encoded images into blocks, decoded or as they are. */
private[data] object ImagePacker {
  // Small enough to be shuffled a few at a time where a partition does not fit into memory.
  private val blockBytes = 8L << 20

  /** All images, 3 x height x width. */
  def blocks(
      images: RDD[Either[BadRecord, ImageRecord]],
      shape: Array[Int],
      keepEncoded: Boolean
  ): RDD[Block] =
    images.mapPartitions(blocks(_, shape, keepEncoded)).setName("images")

  /** The images of one partition; what cannot be used is counted in the blocks. */
  def blocks(
      images: Iterator[Either[BadRecord, ImageRecord]],
      shape: Array[Int],
      keepEncoded: Boolean
  ): Iterator[Block] = {
    val (height, width) = (shape(1), shape(2))
    def usable(image: ImageRecord): Either[BadRecord, Array[Byte]] =
      (if (keepEncoded) ImageCodec.check(image.bytes).map(_ => image.bytes)
       else ImageCodec.planes(image.bytes, height, width)).left.map(BadRecord(_, image.name))

    Iterator.continually(()).takeWhile(_ => images.hasNext).map { _ =>
      val content = ArrayBuffer.empty[Array[Byte]]
      val labels = ArrayBuffer.empty[Float]
      val names = ArrayBuffer.empty[String]
      var leftOut = BadRecords.empty
      var bytes = 0L
      while (images.hasNext && bytes < blockBytes)
        images.next().flatMap(image => usable(image).map(_ -> image)) match {
          case Left(bad)            => leftOut += bad
          case Right((item, image)) =>
            content += item
            labels += image.label.toFloat
            names += image.name
            bytes += item.length
        }
      val block =
        if (keepEncoded)
          Block.ofImages(shape, labels.toArray, Encoded(content.toArray, names.toArray))
        else new Block(shape, labels.toArray, Array.concat(content.toSeq: _*), null)
      block.noting(None, leftOut)
    }
  }
}
