package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.data.{BadRecords, Dataset, Preprocessing}
import support.Closing.using
import support._

class RoundStatisticsSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context

  private def result(worker: Int, images: Long, seconds: TurnSeconds) = WorkerResult(
    worker,
    s"executor ${worker % 2}",
    steps = 5,
    images,
    position = images,
    lossSum = 0,
    fresh = false,
    threads = 1,
    BadRecords.empty,
    vector = None,
    failure = None,
    seconds
  )

  private def times(turn: WorkerTurn) = (turn.compute, turn.feed, turn.exchange, turn.waiting)

  "The statistics of a round" should "share its time out to each worker" taggedAs Unit in {
    val trained = Seq(
      result(0, 50, TurnSeconds(compute = 2, feed = 0.5, exchange = 0.25)),
      result(1, 0, TurnSeconds(0, 0, 0)), // it has nothing to train on
      result(2, 60, TurnSeconds(1, 0, 0.125))
    )
    val round = RoundStatistics.of(trained, seconds = 4)
    assert(round.turns.map(_.worker) == Seq(0, 2))
    assert(round.turns.map(_.executor) == Seq("executor 0", "executor 0"))
    assert(round.turns.map(t => (t.steps, t.images)) == Seq((5, 50), (5, 60)))
    assert(round.turns.map(times) == Seq((2, 0.5, 0.25, 1.25), (1, 0, 0.125, 2.875)))
    assert(round.seconds == 4 && round.lostBeforeMean.isEmpty)
    val averaged = trained.map(r => r.copy(seconds = r.seconds.copy(exchange = 1.5)))
    round.complete(averaged, averaging = 2)
    assert(round.turns.map(times) == Seq((2, 0.5, 1.5, 2), (1, 0, 1.5, 3.5)))
    assert(round.seconds == 6 && round.lostBeforeMean.isEmpty)
  }

  it should "name who is lost before the mean, and leave their times" taggedAs Unit in {
    val trained = Seq(0, 1).map(result(_, 50, TurnSeconds(1, 0, 0.25)))
    val round = RoundStatistics.of(trained, seconds = 2)
    val took = trained.drop(1).map(_.copy(seconds = TurnSeconds(1, 0, 0.5)))
    round.complete(took, averaging = 1)
    assert(round.lostBeforeMean == Seq(0))
    assert(round.turns.map(times) == Seq((1, 0, 0.25, 1.75), (1, 0, 0.5, 1.5)))
  }

  it should "never be below nothing" taggedAs Unit in {
    val round = RoundStatistics.of(Seq(result(0, 1, TurnSeconds(3, 0, 0))), seconds = 2)
    assert(round.turns.map(times) == Seq((3, 0, 0, 0)))
  }

  /** Items of which those from 100 on take a while to come. */
  private def data(values: Seq[Float]*): Dataset = Dataset.fromFloatExamples(
    sc.parallelize(values, values.length).flatMap(_.map(v => (Array(v), 1))),
    Array(1)
  )

  private final class SlowFromHundred extends Preprocessing {
    override def apply(item: Array[Float]): Unit = if (item(0) >= 100) Thread.sleep(150)
  }

  private def trainer(workers: Int) =
    new Trainer(sc, new FakeModel, workers, 7, SnapshotPlan.none, TrainerOptions())

  "A trainer" should "tell what each worker did and where all of the time went" taggedAs SparkTag in
    using(trainer(3)) { t => // two of which take turns
      t.setTrainData(data(Seq(1, 2), Seq(100, 101, 102), Seq(3)), new SlowFromHundred)
      for (number <- 1 to 2) {
        val round = t.train(1)
        val turns = round.statistics.turns
        assert(turns.map(_.worker) == Seq(0, 1, 2) && turns.map(_.images) == Seq(2, 2, 2))
        assert(turns.map(_.executor) == round.executors.toSeq)
        val training = round.statistics.seconds
        assert(training == round.seconds)
        val before = turns.map(_.exchange)
        assert(t.average())
        val averaged = round.statistics.turns
        assert(averaged.zip(before).forall { case (turn, less) => turn.exchange > less })
        assert(round.statistics.seconds > training)
        for (turn <- averaged) {
          // More than all would be less than no waiting: what is measured is within the round.
          val parts = turn.compute + turn.feed + turn.exchange + turn.waiting
          assert(math.abs(parts - round.statistics.seconds) < 1e-9)
          assert(Seq(turn.compute, turn.exchange, turn.waiting).forall(_ > 0))
        }
        // Whoever has one of the two hosts alone waits for the other two, or they for him.
        if (number == 1) assert(averaged(1).feed > 0.1)
      }
    }

  it should "hand a whole round to who listens" taggedAs SparkTag in using(trainer(2)) { t =>
    t.setTrainData(data(Seq(1, 2), Seq(3, 4)))
    var told = Vector.empty[RoundStatistics]
    t.fit(
      2,
      1,
      0,
      new TrainListener {
        override def onRound(result: RoundResult): Unit = {
          told :+= result.statistics
          assert(result.statistics.seconds > result.seconds)
        }
      }
    )
    assert(told.length == 2 && told.forall(_.turns.length == 2))
  }
}
