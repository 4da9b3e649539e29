package sparknet.io

import org.apache.spark.SparkContext
import org.apache.spark.sparknet.LocalProperties

/** Properties of the Spark jobs that a thread starts. The user may have set them for jobs of his own, so
  * they are as before afterwards.
  */
object JobProperties {
  private val description = "spark.job.description"

  /** With what Spark's pages shall call the jobs. */
  def described[T](sc: SparkContext, text: String)(body: => T): T =
    having(sc, description, s"SparkNet: $text")(body)

  def having[T](sc: SparkContext, key: String, value: String)(body: => T): T =
    LocalProperties.copied(sc) {
      sc.setLocalProperty(key, value)
      body
    }

  /** With a tag by which they can be cancelled. */
  def tagged[T](sc: SparkContext, tag: String)(body: => T): T =
    LocalProperties.copied(sc) {
      sc.addJobTag(tag)
      body
    }
}
