package sparknet.data

import org.apache.spark.SparkContext
import org.apache.spark.sparknet.{ByteRoom, FloatRoom}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types.{BinaryType, NumericType, StructField, StructType}
import org.apache.spark.util.SerializableConfiguration

import sparknet.jna.{CaffeException, Counts, Status}

/** How columns of a DataFrame become items: made on the driver from the schema, sent to tasks. */
private[sparknet] trait RowItems extends Serializable {

  /** Extents of an item; of several columns together the number of their values. */
  def shape: Array[Int]

  /** What comes with each item. */
  def labelling: Labelling

  /** Makes blocks of so many items at most. */
  def builder(capacity: Int): BlockBuilder

  /** Writes rows straight into the inputs of a net: what is not kept need not become a block. Labels and
    * weights are not looked at.
    *
    * @param inputs
    *   how many values of an item each one takes, in the order of the columns
    * @param batch
    *   rows of a minibatch at most
    */
  def filler(
      preprocessing: Preprocessing,
      augmentation: Augmentation,
      inputs: Array[Int],
      batch: Int
  ): RowFiller
}

/** Puts rows together to blocks, one block after the other. */
private[sparknet] trait BlockBuilder {

  /** Items of the block that is being made. */
  def size: Int

  /** Takes the item of a row, with its label and weight if there are any; or says why it cannot, naming
    * the column. Nothing of such a row is kept.
    */
  def add(row: InternalRow): Option[String]

  /** Why [[add]] could not take the last row that it refused, in words that are the same for all rows
    * refused for the same reason.
    */
  def reason: String

  /** The block; the next one begins. */
  def result(): Block
}

private[sparknet] object RowItems {

  /** @param schema
    *   of the rows
    * @param columns
    *   their names, and the shape of what each has. Numbers, arrays of numbers and vectors of Spark ML
    *   become floats; binary, images (encoded, as `spark.read.format("image")` has them, or paths of
    *   images) bytes, if they are the only column. Images have the shape 3 x height x width, to which
    *   they are resized. The shape of a number may be null.
    * @param label
    *   a column of numbers, or of arrays or vectors of `labelCount` numbers, or of as many bytes
    * @param weight
    *   a column of numbers that are not negative
    * @param bgr
    *   images become planes blue, green, red, not red, green, blue
    */
  def apply(
      schema: StructType,
      columns: Seq[(String, Array[Int])],
      label: Option[String],
      labelCount: Int,
      weight: Option[String],
      bgr: Boolean = false
  ): RowItems = {
    if (columns.isEmpty) invalid("items are made of at least one column")
    val items = columns.map { case (name, shape) => item(schema, name, shape, bgr) }
    val labels = label.map(name => numbers(schema, name, Array(labelCount), "labels"))
    val weights = weight.map { name =>
      if (!fieldOf(schema, name).dataType.isInstanceOf[NumericType])
        invalid(s"weights must be numbers, and column '$name' is ${typeOf(schema, name)}")
      numbers(schema, name, Array(1), "weights")
    }
    items match {
      case Seq(Left(bytes)) => new RowBlocks(bytes.shape, bytes, null, labels, weights)
      case Seq(Right(one))  => new RowBlocks(one.shape, null, Array(one), labels, weights)
      case several          =>
        val readers = several.map(_.fold(new PlanesAsFloats(_), identity[ColumnReader](_))).toArray
        val total = readers.map(_.count.toLong).sum
        val flat = Array(Counts.toInt(total, "the number of an item's values"))
        new RowBlocks(flat, null, readers, labels, weights)
    }
  }

  private def item(
      schema: StructType,
      name: String,
      stated: Array[Int],
      bgr: Boolean
  ): Either[PlanesReader, ColumnReader] = {
    val field = fieldOf(schema, name)
    val shape = Option(stated).getOrElse {
      if (field.dataType.isInstanceOf[NumericType]) Array(1)
      else invalid(s"column '$name' is ${typeOf(schema, name)}: say what shape its items have")
    }
    if (shape.isEmpty || shape.exists(_ <= 0))
      invalid(s"an item of column '$name' cannot have the shape (${shape.mkString(", ")})")
    val ordinal = schema.fields.indexOf(field)
    ColumnReader(field, ordinal, shape).map(suits).map(Right(_)).getOrElse {
      PlanesReader(field, ordinal, shape, bgr, conf)
        .map(reader => Left(checked(reader)))
        .getOrElse(
          invalid(
            "items must be numbers, arrays of numbers, vectors, binary or images, and column " +
              s"'$name' is ${typeOf(schema, name)}"
          )
        )
    }
  }

  /** A column of floats: of labels, or weights. */
  private def numbers(
      schema: StructType,
      name: String,
      shape: Array[Int],
      what: String
  ): ColumnReader = {
    val field = fieldOf(schema, name)
    val ordinal = schema.fields.indexOf(field)
    val reader = ColumnReader(field, ordinal, shape).orElse(field.dataType match {
      case BinaryType => Some(new PlanesAsFloats(new BinaryReader(name, ordinal, shape, false)))
      case _          => None
    })
    suits(
      reader.getOrElse(
        invalid(
          s"$what must be numbers, or arrays, vectors or bytes, and column '$name' is " +
            typeOf(schema, name)
        )
      )
    )
  }

  private def suits(reader: ColumnReader): ColumnReader = reader match {
    case number: NumberReader if number.count != 1 =>
      invalid(
        s"column '${number.column}' has one number in each row, not ${number.shape.mkString("x")}"
      )
    case other => other
  }

  private def checked(reader: PlanesReader): PlanesReader = reader match {
    case bytes: BinaryReader     => bytes
    case image if image.ofImages => image
    case other                   =>
      invalid(
        s"the images of column '${other.column}' become 3 x height x width, not " +
          other.shape.mkString("x")
      )
  }

  private def fieldOf(schema: StructType, name: String): StructField =
    schema.fields.filter(_.name == name) match {
      case Array(one) => one
      case Array()    =>
        invalid(s"there is no column '$name'; there are ${schema.fieldNames.mkString(", ")}")
      case several => invalid(s"there are ${several.length} columns '$name'")
    }

  private def typeOf(schema: StructType, name: String): String =
    fieldOf(schema, name).dataType.catalogString

  private def conf = {
    val sc = SparkContext.getOrCreate()
    sc.broadcast(new SerializableConfiguration(sc.hadoopConfiguration))
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}

/** Bytes where floats are asked for. */
private final class PlanesAsFloats(planes: PlanesReader)
    extends ColumnReader(planes.column, planes.ordinal, planes.shape) {
  override def areFinite: Boolean = true

  override protected def readValue(row: InternalRow, to: FloatRoom, at: Int): Unfit = {
    val bytes = new Array[Byte](count)
    val unfit = planes.read(row, new ByteRoom(bytes), 0)
    if (unfit == null) to.put(at, bytes)
    unfit
  }
}
