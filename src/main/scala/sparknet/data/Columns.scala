package sparknet.data

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.functions.col
import org.apache.spark.sql.types.{ArrayType, BinaryType, DataType, FloatType, NumericType}
import org.apache.spark.sql.{DataFrame, Row}

import sparknet.jna.{CaffeException, Status}

/** Items and labels from the columns of a DataFrame. */
private[data] object Columns {

  def blocks(table: DataFrame, features: String, label: String, shape: Array[Int]): RDD[Block] = {
    val featuresType = typeOf(table, features)
    typeOf(table, label) match {
      case _: NumericType =>
      case other => wrong(s"labels must be numbers, and column '$label' is ${other.catalogString}")
    }
    val rows = table.select(quoted(features), quoted(label).cast(FloatType)).rdd
    featuresType match {
      case BinaryType =>
        rows.mapPartitionsWithIndex((i, r) => Packer.ofBytes(i, records(r, bytes), shape))
      case ArrayType(_: NumericType, _) =>
        rows.mapPartitionsWithIndex((i, r) => Packer.ofFloats(i, records(r, numbers), shape))
      case vector if vector.typeName == "vector" =>
        rows.mapPartitionsWithIndex((i, r) => Packer.ofFloats(i, records(r, vectorOf), shape))
      case other =>
        wrong(
          s"items must be arrays of numbers, vectors or binary, and column '$features' is " +
            other.catalogString
        )
    }
  }

  /** A missing label becomes NaN, which the data set's check reports with its record. */
  private def records[T](rows: Iterator[Row], item: Row => T): Iterator[(T, Float)] =
    rows.map(row => (item(row), if (row.isNullAt(1)) Float.NaN else row.getFloat(1)))

  private def bytes(row: Row): Array[Byte] = row.getAs[Array[Byte]](0)

  private def numbers(row: Row): Array[Float] =
    Option(row.getSeq[Any](0)).map { values =>
      val item = new Array[Float](values.length)
      var i = 0
      values.foreach { value =>
        item(i) = value match {
          case number: Number => number.floatValue
          case _              => Float.NaN
        }
        i += 1
      }
      item
    }.orNull

  private def vectorOf(row: Row): Array[Float] =
    Option(row.get(0)).map { vector =>
      // Both of Spark's Vector types have it; they are in a library that this jar does not need.
      val values = vector.getClass.getMethod("toArray").invoke(vector).asInstanceOf[Array[Double]]
      values.map(_.toFloat)
    }.orNull

  private def typeOf(table: DataFrame, column: String): DataType =
    table.schema.fields
      .find(_.name == column)
      .getOrElse(wrong(s"there is no column '$column'; there are ${table.columns.mkString(", ")}"))
      .dataType

  private def quoted(column: String) = col("`" + column.replace("`", "``") + "`")

  private def wrong(message: String): Nothing =
    throw new CaffeException(Status.INVALID_ARGUMENT, message)
}
