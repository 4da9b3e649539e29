package org.apache.spark.sparknet

import org.apache.spark.SparkEnv

/** Where a JVM of the application serves what it has published.
  *
  * @param executor
  *   its id; the driver's is "driver"
  */
final case class Place(host: String, port: Int, executor: String)

object Place {

  /** Of this JVM. */
  def here: Place = {
    val id = SparkEnv.get.blockManager.blockManagerId
    Place(id.host, id.port, id.executorId)
  }
}
