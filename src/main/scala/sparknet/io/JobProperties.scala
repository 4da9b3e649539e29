package sparknet.io

import org.apache.spark.SparkContext

/** Properties of the Spark jobs that a thread starts. The user may have set them for jobs of his own, so
  * they are as before afterwards.
  */
object JobProperties {
  private val description = "spark.job.description"

  /** With what Spark's pages shall call the jobs. */
  def described[T](sc: SparkContext, text: String)(body: => T): T =
    having(sc, description, s"SparkNet: $text")(body)

  def having[T](sc: SparkContext, key: String, value: String)(body: => T): T = {
    val before = sc.getLocalProperty(key)
    sc.setLocalProperty(key, value)
    try body
    finally sc.setLocalProperty(key, before)
  }
}
