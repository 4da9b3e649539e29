package sparknet.ml

import org.apache.spark.ml.functions.vector_to_array
import org.apache.spark.sql.functions.{inline, size => arraySize, struct, udf, zip_with}
import org.apache.spark.sql.types.{BinaryType, DataType, NumericType, StringType, StructType}
import org.apache.spark.sql.{Column, DataFrame}

import sparknet.data.Columns.quoted
import sparknet.jna.{CaffeException, Status}
import sparknet.net.NearNames

/** The columns that become a net's input.
  *
  * @param columns
  *   with the shapes of what they hold
  * @param shape
  *   of an item: that of the only column, or the number of values of all
  * @param inputs
  *   of the net, with the shapes that they get
  */
private[ml] final case class InputColumns(
    columns: Seq[(String, Array[Int])],
    shape: Array[Int],
    inputs: Seq[(String, Array[Int])]
)

private[ml] object InputColumns {

  /** @param inputs
    *   names of the net's inputs
    * @param own
    *   the shape of an input, if the net says it
    */
  def of(
      params: InputParams,
      frame: DataFrame,
      inputs: Seq[String],
      own: String => Option[Array[Int]]
  ): InputColumns = {
    val names = params.columns
    names.foreach(check(frame.schema, _))
    if (inputs.length == 1 && names.length > 1) numbers(params, frame, names, inputs.head)
    else if (inputs.length != names.length)
      invalid(
        s"the net has ${inputs.length} inputs (${inputs.mkString(", ")}), and there are " +
          s"${names.length} columns of features (${names.mkString(", ")}): give one for each in " +
          "featuresCols"
      )
    else {
      val shapes = names.zip(inputs).map { case (name, input) =>
        shapeOf(params, frame, name, own(input), single = inputs.length == 1)
      }
      val augmentation = params.augmentation(mirror = false)
      val seen = shapes.map(augmentation.output)
      seen.zip(inputs).foreach { case (stated, input) =>
        own(input).filter(_.product != stated.product).foreach { wanted =>
          throw new CaffeException(
            Status.SHAPE,
            s"input '$input' of the net takes items of ${wanted.mkString("x")}, and gets " +
              s"${stated.mkString("x")}"
          )
        }
      }
      val taken = seen.zip(inputs).map { case (stated, input) => own(input).getOrElse(stated) }
      InputColumns(
        names.zip(shapes),
        if (shapes.length == 1) shapes.head else Array(shapes.map(_.product).sum),
        inputs.zip(taken)
      )
    }
  }

  def check(schema: StructType, name: String): Unit = if (!schema.fieldNames.contains(name))
    invalid(
      s"there is no column '$name'; there are ${schema.fieldNames.mkString(", ")}" +
        NearNames.hint(name, schema.fieldNames.toSeq)
    )

  /** Columns of one number each, which are one item together. */
  private def numbers(
      params: InputParams,
      frame: DataFrame,
      names: Seq[String],
      input: String
  ): InputColumns = {
    names.foreach { name =>
      frame.schema(name).dataType match {
        case _: NumericType =>
        case other          =>
          invalid(
            s"the net has one input, '$input': several columns are its values together if they " +
              s"are numbers, and column '$name' is ${other.catalogString}"
          )
      }
    }
    val shape = params.get(params.inputShape).getOrElse(Array(names.length))
    if (shape.product != names.length)
      invalid(s"${names.length} columns are no item of ${shape.mkString("x")} (inputShape)")
    InputColumns(names.map(_ -> Array(1)), Array(names.length), Seq(input -> shape))
  }

  /** Of what a column holds, before it is cropped. */
  private def shapeOf(
      params: InputParams,
      frame: DataFrame,
      name: String,
      own: Option[Array[Int]],
      single: Boolean
  ): Array[Int] = {
    val stated = if (single) params.get(params.inputShape) else None
    val crops = params.isSet(params.crop)
    def whole = stated.orElse(if (crops) None else own)
    def image: Array[Int] = params.get(params.imageSize) match {
      case Some(extents) =>
        val (height, width) = InputParams.extents("imageSize", extents)
        Array(3, height, width)
      case None =>
        whole.getOrElse(
          invalid(s"column '$name' has images: say their imageSize, height and width")
        )
    }
    frame.schema(name).dataType match {
      case StringType                                   => image
      case _: StructType                                => image
      case BinaryType if params.isSet(params.imageSize) => image
      case BinaryType                                   => whole.getOrElse(image)
      case _: NumericType                               => whole.getOrElse(Array(1))
      case _ => whole.getOrElse(Array(lengthOfFirst(frame, name)))
    }
  }

  /** A column of arrays, vectors or bytes as arrays. */
  def asArrays(frame: DataFrame, name: String): Column = frame.schema(name).dataType match {
    case BinaryType                 => bytes(quoted(name))
    case vector if isVector(vector) => vector_to_array(quoted(name))
    case _                          => quoted(name)
  }

  /** A row for each pair of values of two columns of arrays, as doubles. */
  def pairs(
      frame: DataFrame,
      first: Column,
      second: Column,
      one: String,
      other: String
  ): DataFrame = {
    val both = zip_with(first, second, (a, b) => struct(a.cast("double"), b.cast("double")))
    frame.select(inline(both)).toDF(one, other)
  }

  private val bytes = udf((all: Array[Byte]) => all.map(b => (b & 0xff).toDouble))

  private def isVector(of: DataType) = of.typeName == "vector"

  /** Number of values of the first array or vector in a column. */
  private def lengthOfFirst(frame: DataFrame, name: String): Int = {
    val lengths = frame.where(quoted(name).isNotNull).select(arraySize(asArrays(frame, name)))
    val found = lengths.head(1)
    found.headOption.map(_.getInt(0)).filter(_ > 0).getOrElse {
      invalid(s"column '$name' has no values from which the shape of an item follows")
    }
  }

  private def invalid(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
