package org.apache.spark.sql.execution.columnar.sparknet

import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sparknet.RowMemory
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.{UnsafeArrayData, UnsafeProjection, UnsafeRow}
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.scalatest.flatspec.AnyFlatSpec
import support.{LocalSpark, SparkTag}

class CachedRowsSpec extends AnyFlatSpec {
  import CachedRowsSpec._

  private lazy val spark = {
    LocalSpark.context
    SparkSession.builder().getOrCreate()
  }

  /** Nulls, and every type that columns of items, labels and weights may have. */
  private def table: DataFrame = {
    import spark.implicits._
    val rows = spark.range(0, 25001, 1, 3).map { i =>
      val vector =
        if (i % 3 == 0) Vectors.sparse(4, Seq(1 -> i.toDouble)) else Vectors.dense(i.toDouble, 1, 2)
      (i, Array(i.toFloat, 0.5f), Array(i.toDouble), vector, Array[Byte](i.toByte, 7), s"row $i")
    }
    rows
      .toDF("id", "floats", "doubles", "vector", "bytes", "text")
      .selectExpr(
        "id",
        "if(id % 5 = 0, null, floats) floats",
        "transform(doubles, d -> if(id % 7 = 0, null, d)) doubles",
        "if(id % 11 = 0, null, vector) vector",
        "if(id % 2 = 0, null, bytes) bytes",
        "text",
        "cast(id as int) number",
        "if(id % 4 = 0, null, cast(id as double)) weight",
        "cast(id % 100 as decimal(5, 1)) decimal",
        "id % 2 = 0 flag",
        "struct(id, text) both"
      )
  }

  /** As its rows come, and as Spark's own scan has them. */
  private def compared(frame: DataFrame): (Array[UnsafeRow], Array[UnsafeRow]) = {
    val of = frame.schema
    val ours = RowMemory.rows(frame).mapPartitions(rows => Iterator(copies(rows, of))).collect()
    val theirs = frame.queryExecution.toRdd.mapPartitions(r => Iterator(copies(r, of))).collect()
    (ours.flatten, theirs.flatten)
  }

  private def isDirect(frame: DataFrame) = CachedRows.of(frame.queryExecution.executedPlan).nonEmpty

  "Rows of a cached table" should "be those that Spark's own scan gives" taggedAs SparkTag in {
    val cached = table.cache()
    try
      for (
        frame <- Seq(
          cached,
          cached.select("vector", "id"),
          cached.select("bytes"),
          cached.select("id", "weight", "decimal", "number", "flag")
        )
      ) {
        assert(isDirect(frame), frame.queryExecution.executedPlan)
        val (ours, theirs) = compared(frame)
        assert(ours.length == 25001 && ours.sameElements(theirs))
      }
    finally {
      cached.unpersist(blocking = true)
      ()
    }
  }

  they should "lie where the cache has them" taggedAs SparkTag in {
    val cached = table.where("floats is not null").select("floats", "id").coalesce(1).cache()
    try {
      // All of a batch are pieces of the same array.
      val places = RowMemory
        .rows(cached)
        .mapPartitions { rows =>
          rows.take(50).map(_.getArray(0)).map {
            case there: UnsafeArrayData =>
              (System.identityHashCode(there.getBaseObject), there.getBaseOffset)
            case other => sys.error(other.getClass.getName)
          }
        }
        .collect()
      assert(places.map(_._1).distinct.length == 1)
      assert(places.map(_._2).sliding(2).forall { case Array(a, b) => b - a == 28 })
    } finally {
      cached.unpersist(blocking = true)
      ()
    }
  }

  "Other plans" should "be left to Spark" taggedAs SparkTag in {
    assert(!isDirect(table))
    val cached = table.cache()
    try {
      // Spark leaves out batches without such rows, and looks at those of the others.
      for (frame <- Seq(cached.where("id < 10"), cached.selectExpr("id + 1 as id"))) {
        assert(!isDirect(frame))
        val (ours, theirs) = compared(frame)
        assert(ours.nonEmpty && ours.sameElements(theirs))
      }
    } finally {
      cached.unpersist(blocking = true)
      ()
    }
  }
}

private object CachedRowsSpec {
  def copies(rows: Iterator[InternalRow], of: StructType): Array[UnsafeRow] = {
    val project = UnsafeProjection.create(of)
    rows.map(project(_).copy()).toArray
  }
}
