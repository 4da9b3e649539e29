package org.apache.spark.sparknet

import java.util.{Timer, TimerTask}

import org.apache.spark.SparkContext

/** The bar of stages that Spark draws on the terminal of the driver: a crew's stages last as long as its
  * trainer is at work, and ours would be drawn over.
  */
object ConsoleBars {

  /** Has Spark draw none until this is closed: none comes within half a second of the end of a job. */
  def hide(sc: SparkContext): AutoCloseable = {
    val timer = sc.progressBar.map { bar =>
      val every = new Timer("sparknet-console", true)
      val task = new TimerTask { override def run(): Unit = bar.finishAll() }
      every.schedule(task, 0, millis)
      every
    }
    () => timer.foreach(_.cancel())
  }

  private val millis = 150L
}
