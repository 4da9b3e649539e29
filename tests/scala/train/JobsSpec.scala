package sparknet.train

import java.util.concurrent.ConcurrentLinkedQueue

import scala.collection.JavaConverters._

import org.apache.spark.scheduler.{SparkListener, SparkListenerJobStart}
import org.scalatest.concurrent.Eventually
import org.scalatest.flatspec.AnyFlatSpec
import org.scalatest.time.SpanSugar._

import sparknet.data.Dataset
import support.Closing.using
import support.{LocalSpark, SparkTag}

class JobsSpec extends AnyFlatSpec with Eventually {
  implicit override val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = 30.seconds, interval = 50.millis)

  private lazy val sc = LocalSpark.context

  private def description(event: SparkListenerJobStart): String =
    event.properties.getProperty("spark.job.description")

  /** What Spark was told of the jobs that a body starts. */
  private def started(body: => Any): Seq[SparkListenerJobStart] = {
    val events = new ConcurrentLinkedQueue[SparkListenerJobStart]
    val listener = new SparkListener {
      override def onJobStart(event: SparkListenerJobStart): Unit = { events.add(event); () }
    }
    sc.addSparkListener(listener)
    try {
      sc.setJobGroup("users", "the user's own")
      body
      sc.parallelize(Seq(1), 1).count()
      eventually(assert(events.asScala.map(description).toSeq.contains("the user's own")))
      val all = events.asScala.toSeq
      assert(all.count(description(_) == "the user's own") == 1 && description(all.last) != null)
      assert(all.forall(_.properties.getProperty("spark.jobGroup.id") == "users"))
      all.init
    } finally {
      sc.removeSparkListener(listener)
      sc.clearJobGroup()
    }
  }

  "Jobs and RDDs" should "bear names that say what they are" taggedAs SparkTag in {
    FakeModel.reset()
    val values = sc.parallelize(0 until 12, 3).map(v => (Array(v.toFloat), 1)).setName("mine")
    val events = started {
      val data = Dataset.fromFloatExamples(values, Array(1))
      assert(data.count() == 12 && data.mean().length == 1)
      using(new Trainer(sc, new FakeModel, 2, 7, SnapshotPlan.none, TrainerOptions())) { t =>
        t.setTrainData(data) // 3 partitions for 2 workers: dealt out
        t.setTestData(data)
        t.train(1)
        t.average()
        t.test()
      }
    }
    val jobs = events.map(description).toSet
    val counting = "SparkNet: counting examples"
    assert(jobs(counting) && jobs("SparkNet: the mean of examples"))
    assert(jobs(s"$counting, dealt out to 2"))
    assert(jobs("SparkNet: host 1 of 2") && jobs("SparkNet: host 2 of 2"))
    assert(jobs.forall(_.startsWith("SparkNet: ")))
    val rdds = events.flatMap(_.stageInfos).flatMap(_.rddInfos)
    val ours = rdds.filterNot(rdd => rdd.callSite.startsWith("treeReduce")) // of Spark's own
    val names = ours.map(_.name).toSet
    assert(names("SparkNet: examples") && names("SparkNet: examples, dealt out to 2"))
    assert(names("SparkNet: host 1 of 2") && names("mine"))
    assert(names.filter(_.endsWith("RDD")) == Set("ParallelCollectionRDD")) // the user's
  }
}
