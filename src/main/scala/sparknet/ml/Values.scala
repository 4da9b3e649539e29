package sparknet.ml

import scala.collection.mutable.ArrayBuilder

import org.apache.spark.sparknet.RowMemory
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData
import org.apache.spark.sql.sparknet.Frames
import org.apache.spark.sql.types.{ArrayType, DoubleType, FloatType, StructField, StructType}
import org.apache.spark.sql.{DataFrame, SparkSession}

import sparknet.data.{Dataset => Items}

/** Items of a data set as a DataFrame, and columns of one as numbers. */
private[ml] object Values {

  /** A row for each item, with its values as an array of floats. */
  def rows(items: Items, column: String): DataFrame = {
    items.count() // which says what is wrong with them
    val length = items.shape.product
    val rows = items.rdd.flatMap { block =>
      Iterator.tabulate(block.size) { i =>
        val values = new Array[Float](length)
        block.copyItem(i, values)
        InternalRow(UnsafeArrayData.fromPrimitiveArray(values))
      }
    }
    val field = StructField(column, ArrayType(FloatType, containsNull = false), nullable = false)
    Frames.of(SparkSession.active, rows, StructType(Seq(field)))
  }

  /** The values of a column that a model adds, those of each row after the other. */
  def of(frame: DataFrame, column: String): Array[Float] = {
    val kind = frame.schema(column).dataType
    val parts = RowMemory.rows(frame.select(column)).mapPartitions { rows =>
      val values = new ArrayBuilder.ofFloat
      rows.foreach { row =>
        kind match {
          case DoubleType              => values += row.getDouble(0).toFloat
          case ArrayType(FloatType, _) => values ++= row.getArray(0).toFloatArray()
          case ArrayType(_, _) => row.getArray(0).toDoubleArray().foreach(values += _.toFloat)
          // A dense vector: its values are the last of four fields.
          case _ => row.getStruct(0, 4).getArray(3).toDoubleArray().foreach(values += _.toFloat)
        }
      }
      Iterator(values.result())
    }
    Array.concat(parts.collect().toSeq: _*)
  }
}
