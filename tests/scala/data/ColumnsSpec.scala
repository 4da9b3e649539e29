package sparknet.data

import org.apache.spark.sql.types._
import org.apache.spark.sql.{DataFrame, Row, SparkSession}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class ColumnsSpec extends AnyFlatSpec {
  private lazy val session = {
    LocalSpark.context
    SparkSession.builder.getOrCreate()
  }

  private def table(features: DataType, label: DataType)(rows: Row*): DataFrame =
    session.createDataFrame(
      session.sparkContext.parallelize(rows, 1),
      StructType(Seq(StructField("in.put", features), StructField("class", label)))
    )

  private def read(table: DataFrame): Seq[(Float, Seq[Float])] = {
    val data = Dataset.fromDataFrame(table, "in.put", "class", Array(2))
    data.count()
    data.rdd
      .flatMap { block =>
        (0 until block.size).map { i =>
          val item = new Array[Float](2)
          block.copyItem(i, item)
          (block.labels(i), item.toSeq)
        }
      }
      .collect()
      .toSeq
  }

  "fromDataFrame" should "take arrays of any numbers" taggedAs SparkTag in {
    for (
      (elements, values) <- Seq(
        FloatType -> Seq(1f, 2f),
        DoubleType -> Seq(1.0, 2.0),
        IntegerType -> Seq(1, 2),
        LongType -> Seq(1L, 2L)
      );
      (labelType, label) <- Seq(IntegerType -> 3, DoubleType -> 3.0, LongType -> 3L)
    )
      assert(
        read(table(ArrayType(elements), labelType)(Row(values, label))) == Seq((3f, Seq(1f, 2f)))
      )
  }

  it should "take binary as bytes 0 to 255" taggedAs SparkTag in {
    val bytes = table(BinaryType, IntegerType)(Row(Array[Byte](-1, 4), 0))
    assert(read(bytes) == Seq((0f, Seq(255f, 4f))))
  }

  it should "name columns, types and records that are wrong" taggedAs SparkTag in {
    def message(table: DataFrame, features: String = "in.put", label: String = "class") =
      intercept[CaffeException](
        Dataset.fromDataFrame(table, features, label, Array(2)).count()
      ).getMessage
    val good = table(ArrayType(FloatType), IntegerType)(Row(Seq(1f, 2f), 1))
    assert(message(good, features = "x").contains("no column 'x'; there are in.put, class"))
    assert(message(good, label = "in.put").contains("column 'in.put' has 2 values instead of 1"))
    assert(message(table(BooleanType, IntegerType)(Row(true, 1))).contains("is boolean"))
    val short = table(ArrayType(FloatType), IntegerType)(Row(Seq(1f, 2f), 1), Row(Seq(1f), 1))
    assert(
      message(short).contains("record 1 of partition 0: column 'in.put' has 1 value instead of 2")
    )
    val missing = table(ArrayType(FloatType), IntegerType)(Row(Seq(1f, 2f), null))
    assert(message(missing).contains("record 0 of partition 0: column 'class' is null"))
    assert(
      message(table(BinaryType, IntegerType)(Row(null, 1))).contains("column 'in.put' is null")
    )
  }
}
