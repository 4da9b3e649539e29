package sparknet.io

import java.util.WeakHashMap
import java.util.concurrent.ConcurrentHashMap

import org.apache.spark.SparkContext
import org.apache.spark.api.java.JavaSparkContext
import org.apache.spark.scheduler.{SparkListener, SparkListenerJobStart}

/** Spark jobs that nobody wants any more, by their tag: those that run and those that what has been cut
  * off is still about to start, of which Spark's own `cancelJobsWithTag` knows nothing.
  */
object EndedJobs {
  private val tags = "spark.job.tags" // between commas
  private val of = new WeakHashMap[SparkContext, java.util.Set[String]]

  def end(sc: JavaSparkContext, tag: String): Unit = {
    ended(sc.sc).add(tag)
    sc.cancelJobsWithTag(tag)
  }

  private def ended(sc: SparkContext): java.util.Set[String] = synchronized {
    if (!of.containsKey(sc)) {
      val ended = ConcurrentHashMap.newKeySet[String]()
      sc.addSparkListener(new SparkListener {
        override def onJobStart(job: SparkListenerJobStart): Unit = {
          val own = Option(job.properties).flatMap(p => Option(p.getProperty(tags))).getOrElse("")
          if (own.split(',').exists(ended.contains)) sc.cancelJob(job.jobId)
        }
      })
      of.put(sc, ended)
    }
    of.get(sc)
  }
}
