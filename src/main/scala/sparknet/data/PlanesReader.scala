package sparknet.data

import java.nio.charset.StandardCharsets.ISO_8859_1

import org.apache.hadoop.fs.Path
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.sparknet.{ByteRoom, RowMemory}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types.{BinaryType, IntegerType, StringType, StructField, StructType}
import org.apache.spark.util.SerializableConfiguration

/** Takes bytes out of one column of a row: values 0..255, of images planes red, green, blue.
  *
  * @param bgr
  *   images become planes blue, green, red instead
  */
private[data] abstract class PlanesReader(
    val column: String,
    val ordinal: Int,
    val shape: Array[Int],
    bgr: Boolean
) extends Serializable {

  /** Number of bytes of each row. */
  val count: Int = Block.product(shape)

  /** Writes them to `to`, from `at` on; null, or why there are none. */
  final def read(row: InternalRow, to: ByteRoom, at: Int): Unfit =
    if (row.isNullAt(ordinal)) Unfit.missing(column) else readValue(row, to, at)

  protected def readValue(row: InternalRow, to: ByteRoom, at: Int): Unfit

  /** Whether an image may become such an item. */
  val ofImages: Boolean = shape.length == 3 && shape(0) == 3

  protected def decode(encoded: Array[Byte], to: ByteRoom, at: Int): Unfit =
    ImageCodec.planes(encoded, shape(1), shape(2)) match {
      case Right(planes) => put(planes, to, at)
      case Left(reason)  => Unfit(column, reason, s"has no image that can be used: $reason")
    }

  /** Writes an image's planes red, green, blue. */
  protected def put(planes: Array[Byte], to: ByteRoom, at: Int): Unfit = {
    val plane = count / 3
    for (i <- 0 until 3)
      to.put(at + i * plane, planes, (if (bgr) 2 - i else i) * plane, plane)
    null
  }
}

private[data] object PlanesReader {

  /** Of binary, images of Spark's reader and paths of images; None for other types.
    *
    * @param conf
    *   gives Hadoop's configuration if paths are to be read
    */
  def apply(
      field: StructField,
      ordinal: Int,
      shape: Array[Int],
      bgr: Boolean,
      conf: => Broadcast[SerializableConfiguration]
  ): Option[PlanesReader] = field.dataType match {
    case BinaryType => Some(new BinaryReader(field.name, ordinal, shape, bgr))
    case StringType => Some(new PathReader(field.name, ordinal, shape, bgr, conf))
    case struct: StructType if isImage(struct) =>
      Some(new ImageStructReader(field.name, ordinal, shape, bgr, struct))
    case _ => None
  }

  private def isImage(struct: StructType): Boolean =
    Seq(
      "height" -> IntegerType,
      "width" -> IntegerType,
      "nChannels" -> IntegerType,
      "data" -> BinaryType
    ).forall { case (name, of) => struct.exists(f => f.name == name && f.dataType == of) }
}

/** The bytes of an item as they are, or an encoded image. */
private final class BinaryReader(column: String, ordinal: Int, shape: Array[Int], bgr: Boolean)
    extends PlanesReader(column, ordinal, shape, bgr) {

  override protected def readValue(row: InternalRow, to: ByteRoom, at: Int): Unfit =
    if (RowMemory.copyBytes(row, ordinal, count, to, at)) {
      // Of just this length may be both; what begins as an image and is none was bytes.
      if (ofImages && looksEncoded(i => to.get(at + i).toInt, count)) {
        decode(to.toArray(at, count), to, at)
      }
      null
    } else {
      val bytes = row.getBinary(ordinal)
      if (ofImages && (bytes.isEmpty || looksEncoded(bytes(_).toInt, bytes.length)))
        decode(bytes, to, at)
      else Unfit.count(column, bytes.length, shape)
    }

  private def looksEncoded(byte: Int => Int, length: Int): Boolean =
    BinaryReader.starts.exists { start =>
      start.length <= length && start.indices.forall(i => byte(i) == start(i))
    }
}

private object BinaryReader {

  /** How JPEG, PNG, GIF and BMP begin. */
  val starts: Seq[Array[Byte]] =
    Seq("\u00ff\u00d8\u00ff", "\u0089PNG", "GIF8", "BM").map(_.getBytes(ISO_8859_1))
}

/** Paths and URIs of encoded images. */
private final class PathReader(
    column: String,
    ordinal: Int,
    shape: Array[Int],
    bgr: Boolean,
    conf: Broadcast[SerializableConfiguration]
) extends PlanesReader(column, ordinal, shape, bgr) {

  override protected def readValue(row: InternalRow, to: ByteRoom, at: Int): Unfit = {
    val name = row.getUTF8String(ordinal).toString
    val content =
      try ImageFiles.content(new Path(name), conf.value.value)
      catch {
        case _: IllegalArgumentException => Left(BadRecord(BadRecord.missingFile, name)) // no path
      }
    content match {
      case Left(bad)      => Unfit(column, bad.reason, s"names a ${bad.reason}: $name")
      case Right(encoded) =>
        val unfit = decode(encoded, to, at)
        if (unfit == null) null
        else unfit.copy(what = s"names no image that can be used: $name: ${unfit.kind}")
    }
  }
}

/** Images as `spark.read.format("image")` has them: rows of blue, green, red and perhaps alpha, or of
  * grey.
  */
private final class ImageStructReader(
    column: String,
    ordinal: Int,
    shape: Array[Int],
    bgr: Boolean,
    struct: StructType
) extends PlanesReader(column, ordinal, shape, bgr) {
  private val fields = struct.length
  private val heightAt = struct.fieldIndex("height")
  private val widthAt = struct.fieldIndex("width")
  private val channelsAt = struct.fieldIndex("nChannels")
  private val dataAt = struct.fieldIndex("data")

  override protected def readValue(row: InternalRow, to: ByteRoom, at: Int): Unfit = {
    val image = row.getStruct(ordinal, fields)
    if (Seq(heightAt, widthAt, channelsAt, dataAt).exists(image.isNullAt)) Unfit.missing(column)
    else {
      val (height, width) = (image.getInt(heightAt), image.getInt(widthAt))
      val (channels, data) = (image.getInt(channelsAt), image.getBinary(dataAt))
      val right = height > 0 && width > 0 && Set(1, 3, 4)(channels) &&
        data.length == height.toLong * width * channels
      if (!right)
        Unfit(
          column,
          BadRecord.notAnImage,
          s"has no image: ${data.length} bytes for $height x $width pixels of $channels bytes"
        )
      else {
        val planes = ImageStructReader.planes(data, height * width, channels)
        val resized = ImageResizer.resize(planes, height, width, shape(1), shape(2))
        put(resized, to, at)
      }
    }
  }
}

private object ImageStructReader {

  /** Planes red, green, blue. */
  def planes(data: Array[Byte], pixels: Int, channels: Int): Array[Byte] = {
    val planes = new Array[Byte](3 * pixels)
    for (plane <- 0 until 3) {
      var from = if (channels == 1) 0 else 2 - plane
      var to = plane * pixels
      val end = to + pixels
      while (to < end) {
        planes(to) = data(from)
        from += channels
        to += 1
      }
    }
    planes
  }
}
