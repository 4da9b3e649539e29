package org.apache.spark.sql.sparknet

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.{classic, DataFrame, SparkSession}

/** DataFrames from what Spark has inside. */
object Frames {

  /** What a plan gives. */
  def of(session: SparkSession, plan: LogicalPlan): DataFrame =
    classic.Dataset.ofRows(here(session), plan)

  /** Of rows that are as the schema says, which nobody checks. */
  def of(session: SparkSession, rows: RDD[InternalRow], schema: StructType): DataFrame =
    here(session).internalCreateDataFrame(rows, schema)

  // Sessions of Spark Connect are in another process; what runs here has one of the driver's own.
  private def here(session: SparkSession) = session.asInstanceOf[classic.SparkSession]
}
