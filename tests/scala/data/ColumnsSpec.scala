package sparknet.data

import scala.collection.JavaConverters._

import org.apache.spark.sql.types._
import org.apache.spark.sql.{DataFrame, Row, SparkSession}
import org.scalatest.flatspec.AnyFlatSpec
import support._

import sparknet.jna.CaffeException

class ColumnsSpec extends AnyFlatSpec {
  private lazy val session = {
    LocalSpark.context
    SparkSession.builder().getOrCreate()
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

  private val numbers = StructType(
    Seq("a", "b", "y", "w").map(StructField(_, DoubleType))
  )

  private def frame(rows: Row*): DataFrame =
    session.createDataFrame(session.sparkContext.parallelize(rows, 2), numbers)

  private def several(table: DataFrame, options: (String, Object)*): Dataset =
    Dataset.fromDataFrame(
      table,
      Seq("b", "a").asJava,
      Seq(Array.empty[Int], Array.empty[Int]).asJava,
      "y",
      Map(options: _*).asJava
    )

  it should "make one item of several columns, with weights" taggedAs SparkTag in {
    val data = several(frame(Row(1.0, 2.0, 3.0, 4.0), Row(5.0, 6.0, 7.0, 0.0)), "weight" -> "w")
    assert(data.shape.toSeq == Seq(2) && data.labelling == Labelling(1, weighted = true))
    assert(data.count() == 2)
    val blocks = data.rdd.collect().filter(_.size > 0)
    assert(blocks.flatMap(_.floats).toSeq == Seq(2f, 1f, 6f, 5f))
    assert(blocks.flatMap(_.labels).toSeq == Seq(3f, 7f))
    assert(blocks.flatMap(_.weights).toSeq == Seq(4f, 0f))
  }

  private val good = Row(1.0, 2.0, 3.0, 4.0)
  private val mixed =
    Seq(good, Row(1.0, Double.NaN, 1.0, 1.0), good, good, Row(null, 1.0, 1.0, 1.0), good)

  it should "name the first row that is wrong" taggedAs SparkTag in {
    val nan = intercept[CaffeException](several(frame(mixed: _*)).count())
    assert(nan.getMessage == "bad data: record 1 of partition 0: column 'b' has a NaN")
    assert(nan.getCodeName == "INVALID_ARGUMENT")
    val label = frame(good, Row(1.0, 1.0, Double.PositiveInfinity, 1.0))
    val infinite = intercept[CaffeException](several(label).count()).getMessage
    assert(infinite.contains("record 0 of partition 1: column 'y' has an infinite value"))
  }

  it should "leave rows that are wrong out, and count them by reason" taggedAs SparkTag in {
    val data = several(frame(mixed: _*), "handle_invalid" -> "skip")
    assert(data.count() == 4 && data.rdd.flatMap(_.floats).collect().length == 8)
    val leftOut = data.leftOut
    assert(leftOut.counts == Map("NaN in column 'b'" -> 1L, "null in column 'a'" -> 1L))
    assert(leftOut.names("null in column 'a'") == Seq("record 1 of partition 1"))
    val few = several(
      frame(mixed: _*),
      "handle_invalid" -> "skip",
      "max_bad_share" -> java.lang.Double.valueOf(0.3)
    )
    val message = intercept[CaffeException](few.count()).getMessage
    assert(message.contains("2 of 6 records left out") && message.contains("30.0%"))
    val none = several(frame(mixed(1), mixed(4)), "handle_invalid" -> "skip")
    assert(none.count() == 0 && none.leftOut.total == 2)
    val wrong = intercept[CaffeException](several(frame(good), "handle_invalid" -> "keep"))
    assert(wrong.getMessage.contains("handle_invalid is 'error' or 'skip', not 'keep'"))
  }

  it should "take the rows that are marked, and judge those that are not" taggedAs SparkTag in {
    val rows = session.range(0, 9, 1, 1).selectExpr("id AS x", "id % 2 AS y", "id % 3 = 0 AS held")
    def marked(frame: DataFrame, value: Boolean, skip: Boolean = true) =
      Dataset.fromColumns(
        frame,
        Seq("x" -> null),
        Some("y"),
        1,
        None,
        skip,
        marks = Some(Marks("held", value))
      )
    def values(data: Dataset) = data.rdd.flatMap(_.floats).collect().toSeq
    assert(values(marked(rows, value = true)) == Seq(0f, 3f, 6f))
    assert(values(marked(rows, value = false)) == Seq(1f, 2f, 4f, 5f, 7f, 8f))
    val doubtful = rows.selectExpr("x", "y", "if(x = 4, null, held) AS held")
    val held = marked(doubtful, value = true, skip = false)
    assert(values(held) == Seq(0f, 3f, 6f) && held.leftOut.isEmpty)
    val others = marked(doubtful, value = false)
    assert(values(others) == Seq(1f, 2f, 5f, 7f, 8f))
    assert(others.leftOut.counts == Map("null in column 'held'" -> 1L))
    val named = intercept[CaffeException](marked(doubtful, value = false, skip = false).count())
    assert(named.getMessage == "bad data: record 4 of partition 0: column 'held' is null")
    val wrong =
      intercept[CaffeException](marked(rows.drop("held").withColumn("held", rows("x")), true))
    assert(
      wrong.getMessage.contains("column 'held' tells rows apart by true and false, and is bigint")
    )
  }

  it should "take labels as bytes" taggedAs SparkTag in {
    val one = table(ArrayType(FloatType), BinaryType)(Row(Seq(1f, 2f), Array[Byte](3, -1, 0)))
    val columns = Seq("in.put" -> Array(2))
    val data = Dataset.fromColumns(one, columns, Some("class"), 3, None)
    assert(data.rdd.flatMap(_.labels).collect().toSeq == Seq(3f, 255f, 0f))
    val short = intercept[CaffeException](
      Dataset.fromColumns(one, columns, Some("class"), 2, None).count()
    )
    assert(short.getMessage.contains("column 'class' has 3 values instead of 2"))
  }

  it should "take empty partitions, and more rows than a block has" taggedAs SparkTag in {
    val one = session.range(0, 1000, 1, 8).selectExpr("id % 7 AS y", "id AS x").where("id < 10")
    val some = Dataset.fromColumns(one, Seq("x" -> null), Some("y"), 1, None)
    assert(some.partitionCounts().toSeq == 10L +: Seq.fill(7)(0L))
    // A block takes about 16 MB.
    val wide = session.range(0, 5, 1, 1).selectExpr("id", "array_repeat(float(id), 1500000) AS x")
    val data = Dataset.fromColumns(wide, Seq("x" -> Array(1500000)), Some("id"), 1, None)
    assert(data.count() == 5)
    val blocks = data.rdd.map(b => (b.labels.toSeq, b.floats.distinct.toSeq)).collect().toSeq
    assert(blocks == Seq(Seq(0f, 1f), Seq(2f, 3f), Seq(4f)).map(v => (v, v)))
  }
}
