package support

import org.apache.spark.{SparkConf, SparkContext}

/** The Spark of the tests that need no executors of their own: two threads in this JVM. */
object LocalSpark {
  def context: SparkContext = SparkContext.getOrCreate(
    new SparkConf().setMaster("local[2]").setAppName("tests").set("spark.ui.enabled", "false")
  )
}
