package sparknet.data

import scala.collection.mutable.ArrayBuffer

/** Packs the records of one partition into blocks, and says which record is at fault. */
private[data] object Packer {
  private val blockBytes = 16 << 20

  /** From values 0..255, one byte each. */
  def ofBytes(
      partition: Int,
      records: Iterator[(Array[Byte], Float)],
      shape: Array[Int]
  ): Iterator[Block] =
    pack[Array[Byte]](partition, records, shape, 1, _.length) { (items, labels) =>
      new Block(shape, labels, Array.concat(items: _*), null)
    }

  def ofFloats(
      partition: Int,
      records: Iterator[(Array[Float], Float)],
      shape: Array[Int]
  ): Iterator[Block] =
    pack[Array[Float]](partition, records, shape, 4, _.length) { (items, labels) =>
      new Block(shape, labels, null, Array.concat(items: _*))
    }

  private def pack[T](
      partition: Int,
      records: Iterator[(T, Float)],
      shape: Array[Int],
      width: Int,
      length: T => Int
  )(block: (Seq[T], Array[Float]) => Block): Iterator[Block] = {
    val itemSize = Block.product(shape)
    val perBlock = math.max(1, blockBytes / (width * itemSize))

    def faultOf(item: T, index: Int): Option[String] = {
      val where = s"record $index of partition $partition"
      if (item == null) Some(s"$where has no data")
      else if (length(item) == itemSize) None
      else
        Some(s"$where has ${length(item)} values instead of $itemSize (${shape.mkString("x")})")
    }

    records.grouped(perBlock).zipWithIndex.map { case (group, blockIndex) =>
      val items = new ArrayBuffer[T](group.length)
      val fault = group.iterator.zipWithIndex
        .flatMap { case ((item, _), i) =>
          items += item
          faultOf(item, blockIndex * perBlock + i)
        }
        .take(1)
        .toList
        .headOption
      fault.fold(block(items.toSeq, group.iterator.map(_._2).toArray)) { what =>
        Block.faulty(shape, Fault.ofData(what))
      }
    }
  }
}
