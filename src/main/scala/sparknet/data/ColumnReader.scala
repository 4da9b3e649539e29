package sparknet.data

import org.apache.spark.sparknet.{FloatRoom, RowMemory}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.types._

/** Takes floats out of one column of a row, straight from where Spark has them. */
private[data] abstract class ColumnReader(
    val column: String,
    val ordinal: Int,
    val shape: Array[Int]
) extends Serializable {

  /** Number of values of each row. */
  val count: Int = Block.product(shape)

  /** Writes them to `to`, from `at` on; null, or why there are none. They may be NaN or infinite, unless
    * [[areFinite]]: see [[Unfit.among]].
    */
  final def read(row: InternalRow, to: FloatRoom, at: Int): Unfit =
    if (row.isNullAt(ordinal)) Unfit.missing(column) else readValue(row, to, at)

  protected def readValue(row: InternalRow, to: FloatRoom, at: Int): Unfit

  /** As [[read]], but what is NaN or infinite is unfit. */
  final def readFinite(row: InternalRow, to: FloatRoom, at: Int): Unfit = {
    val unfit = read(row, to, at)
    if (unfit != null || areFinite) unfit else Unfit.among(column, to, at, count)
  }

  /** Whether all values of its type are numbers that a float has. */
  def areFinite: Boolean
}

private[data] object ColumnReader {

  /** Of numbers, arrays of numbers and vectors of Spark ML; None for other types. */
  def apply(field: StructField, ordinal: Int, shape: Array[Int]): Option[ColumnReader] =
    field.dataType match {
      case number: NumericType => Some(new NumberReader(field.name, ordinal, shape, number))
      case ArrayType(number: NumericType, nulls) =>
        Some(new ArrayReader(field.name, ordinal, shape, new Elements(number, nulls)))
      case vector if isVector(vector) => Some(new VectorReader(field.name, ordinal, shape))
      case _                          => None
    }

  // The class is in a library that this one does without.
  private def isVector(of: DataType): Boolean = of match {
    case own: UserDefinedType[_] => own.typeName == "vector"
    case _                       => false
  }
}

/** One number. */
private final class NumberReader(
    column: String,
    ordinal: Int,
    shape: Array[Int],
    number: NumericType
) extends ColumnReader(column, ordinal, shape) {

  override protected def readValue(row: InternalRow, to: FloatRoom, at: Int): Unfit =
    if (count != 1) Unfit.count(column, 1, shape)
    else {
      val value = number match {
        case FloatType            => row.getFloat(ordinal)
        case DoubleType           => row.getDouble(ordinal).toFloat
        case IntegerType          => row.getInt(ordinal).toFloat
        case LongType             => row.getLong(ordinal).toFloat
        case ShortType            => row.getShort(ordinal).toFloat
        case decimal: DecimalType =>
          row.getDecimal(ordinal, decimal.precision, decimal.scale).toDouble.toFloat
        case _ => row.getByte(ordinal).toFloat // Spark's last number
      }
      to.put(at, value)
      null
    }

  override def areFinite: Boolean = Elements.areFinite(number)
}

private final class ArrayReader(
    column: String,
    ordinal: Int,
    shape: Array[Int],
    elements: Elements
) extends ColumnReader(column, ordinal, shape) {

  override protected def readValue(row: InternalRow, to: FloatRoom, at: Int): Unfit = {
    val array = row.getArray(ordinal)
    if (array.numElements() != count) Unfit.count(column, array.numElements(), shape)
    else elements.read(column, array, to, at)
  }

  override def areFinite: Boolean = elements.areFinite
}

/** A vector as Spark ML keeps it: type (0: sparse, 1: dense), size, indices, values. */
private final class VectorReader(column: String, ordinal: Int, shape: Array[Int])
    extends ColumnReader(column, ordinal, shape) {
  private val elements = new Elements(DoubleType, nulls = false)

  override protected def readValue(row: InternalRow, to: FloatRoom, at: Int): Unfit = {
    val vector = row.getStruct(ordinal, 4)
    val values = vector.getArray(3)
    val dense = vector.getByte(0) == 1
    val size = if (dense) values.numElements() else vector.getInt(1)
    if (size != count) Unfit.count(column, size, shape)
    else if (dense) elements.read(column, values, to, at)
    else {
      val indices = vector.getArray(2)
      to.clear(at, count)
      var i = 0
      while (i < indices.numElements()) {
        to.put(at + indices.getInt(i), values.getDouble(i).toFloat)
        i += 1
      }
      null
    }
  }

  override def areFinite: Boolean = elements.areFinite
}

/** The elements of an array column. */
private final class Elements(number: NumericType, nulls: Boolean) extends Serializable {

  def read(column: String, array: ArrayData, to: FloatRoom, at: Int): Unfit = {
    val missing = if (nulls) RowMemory.firstNull(array) else -1
    if (missing >= 0) Unfit.missing(column, missing)
    else {
      number match {
        case FloatType            => RowMemory.copyFloats(array, to, at)
        case DoubleType           => RowMemory.copyDoubles(array, to, at)
        case decimal: DecimalType =>
          each(array, to, at)(
            array.getDecimal(_, decimal.precision, decimal.scale).toDouble.toFloat
          )
        case IntegerType => each(array, to, at)(array.getInt(_).toFloat)
        case LongType    => each(array, to, at)(array.getLong(_).toFloat)
        case ShortType   => each(array, to, at)(array.getShort(_).toFloat)
        case _           => each(array, to, at)(array.getByte(_).toFloat) // Spark's last number
      }
      null
    }
  }

  def areFinite: Boolean = Elements.areFinite(number)

  @inline private def each(array: ArrayData, to: FloatRoom, at: Int)(value: Int => Float): Unit = {
    var i = 0
    while (i < array.numElements()) {
      to.put(at + i, value(i))
      i += 1
    }
  }
}

private object Elements {

  /** Decimals may be larger than floats. */
  def areFinite(number: NumericType): Boolean = number match {
    case FloatType | DoubleType | _: DecimalType => false
    case _                                       => true
  }
}
