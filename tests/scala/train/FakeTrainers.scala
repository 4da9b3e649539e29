package sparknet.train

import org.apache.spark.SparkContext
import org.scalatest.{BeforeAndAfterEach, Suite}

import sparknet.data.Dataset
import sparknet.jna.CaffeException
import support.{LocalSpark, Logged}

/** Trainers of nets that need no engine, in this JVM. */
trait FakeTrainers extends BeforeAndAfterEach { this: Suite =>
  protected lazy val sc: SparkContext = LocalSpark.context

  override def beforeEach(): Unit = FakeModel.reset()

  /** Partition p holds the items values(p), with label 1. */
  protected def dataset(values: Seq[Float]*): Dataset = Dataset.fromFloatExamples(
    sc.parallelize(values, values.length).flatMap(_.map(v => (Array(v), 1))),
    Array(1)
  )

  protected def trainer(
      workers: Int,
      model: FakeModel = new FakeModel,
      plan: SnapshotPlan = SnapshotPlan.none
  ): Trainer = new Trainer(sc, model, workers, 7, plan, TrainerOptions())

  protected def averaged(t: Trainer): Array[Float] = {
    t.average()
    t.weights
  }

  protected def failure(body: => Any): CaffeException = intercept[CaffeException](body)

  /** What the trainer logs meanwhile, with levels. */
  protected def saying(body: => Any): String = Logged.by(classOf[Trainer]) { lines =>
    body
    lines().map(line => s"${line.level} ${line.text}").mkString("\n")
  }
}
