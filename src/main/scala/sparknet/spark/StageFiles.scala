package org.apache.spark.ml.sparknet

import org.apache.spark.ml.param.Params
import org.apache.spark.ml.util.{DefaultParamsReader, DefaultParamsWriter}
import org.apache.spark.sql.SparkSession

/** The metadata that Spark's own stages write beside what they have learned. */
object StageFiles {
  def saveMetadata(stage: Params, path: String, session: SparkSession): Unit =
    DefaultParamsWriter.saveMetadata(stage, path, session.sparkContext)

  /** Sets the parameters of a stage as they were saved.
    *
    * @param make
    *   the stage, given its uid
    */
  def load[S <: Params](path: String, session: SparkSession, kind: Class[S])(
      make: String => S
  ): S = {
    val metadata = DefaultParamsReader.loadMetadata(path, session.sparkContext, kind.getName)
    val stage = make(metadata.uid)
    metadata.getAndSetParams(stage)
    stage
  }
}
