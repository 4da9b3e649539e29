package sparknet.data

import sparknet.jna.{CaffeException, Counts, Status}

/** Images as they were read, one after the other: the form in which a [[Block]] takes least memory.
  *
  * @param content
  *   the encoded images
  * @param ends
  *   for each image the position after its last byte
  * @param names
  *   for messages
  */
final class Encoded(val content: Array[Byte], val ends: Array[Int], val names: Array[String])
    extends Serializable {

  def size: Int = ends.length

  /** A copy of the encoded image `i`. */
  def apply(i: Int): Array[Byte] =
    java.util.Arrays.copyOfRange(content, if (i == 0) 0 else ends(i - 1), ends(i))

  /** Decodes image `i`; planes red, green, blue of height x width, or why that cannot be. */
  def planes(i: Int, height: Int, width: Int): Either[BadRecord, Array[Byte]] =
    ImageCodec.planes(apply(i), height, width).left.map(reason => BadRecord(reason, names(i)))

  private[data] def pick(indices: Array[Int]): Encoded =
    Encoded(indices.map(apply), indices.map(names))
}

object Encoded {
  def apply(images: Array[Array[Byte]], names: Array[String]): Encoded = {
    val ends = images
      .scanLeft(0)((end, image) => Counts.toInt(end.toLong + image.length, "the size of a block"))
      .tail
    new Encoded(Array.concat(images.toSeq: _*), ends, names)
  }
}

/** An item that cannot be had from its block. */
private[sparknet] final class BadItem(val record: BadRecord)
    extends CaffeException(Status.INVALID_ARGUMENT, s"${record.name}: ${record.reason}")
