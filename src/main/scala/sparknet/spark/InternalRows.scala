package org.apache.spark.sql.sparknet

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{DataFrame, SparkSession}

/** DataFrames from rows as Spark has them inside. */
object InternalRows {

  /** Of rows that are as the schema says, which nobody checks. */
  def frame(session: SparkSession, rows: RDD[InternalRow], schema: StructType): DataFrame =
    session.internalCreateDataFrame(rows, schema)
}
