package sparknet.train

import java.util.LinkedHashMap

import scala.collection.JavaConverters._

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.data.{BadRecord, BadRecords, Dataset}
import sparknet.io.EngineNotices
import sparknet.jna.CaffeException
import support.Closing.using
import support._

class AnswersSpec extends AnyFlatSpec {

  /** With `|` for NUL. */
  private def text(event: FitEvent): String = Answers.text(event).replace('\u0000', '|')

  private def begun(answers: Answers, listeners: TrainListener*)(options: (String, Any)*): Fit =
    answers.fit(
      Array.emptyByteArray,
      options.toMap.map { case (name, value) => name -> value.asInstanceOf[Object] }.asJava,
      listeners.asJava
    )

  "Answers" should "be what Python's sparknet._jvm.answers reads" taggedAs Unit in {
    val executors = Array("0", "1", "1")
    val round =
      RoundResult(7, 70, 0.1f, 6000000000L, 1.25, 2, 0, executors, BadRecords.empty, Array(0, 2))
    assert(text(RoundDone(round)) == "round|70|0.1|6000000000|1.25|2|2|0|2|0|0")
    assert(text(RoundDone(round.copy(loss = Float.NaN))).startsWith("round|70|NaN|"))
    val names = (1 to 7).map(i => BadRecord("corrupt image", s"$i.jpg"))
    val leftOut = names.foldLeft(BadRecords.empty)(_ + _) + BadRecord("a reason", "x y")
    def turn(worker: Int, compute: Double) = WorkerResult(
      worker,
      "1",
      steps = 3,
      images = 12,
      position = 12,
      lossSum = 1,
      fresh = false,
      threads = 1,
      BadRecords.empty,
      vector = None,
      failure = None,
      TurnSeconds(compute, 0.125, 0.0625)
    )
    val statistics = RoundStatistics.of(Seq(turn(0, 0.5), turn(1, 0.25)), 0.75)
    val whole = round.copy(lost = Array(2), leftOut = leftOut, statistics = statistics)
    val turns = "2|0|1|3|12|0.5|0.125|0.0625|0.0625|1|1|3|12|0.25|0.125|0.0625|0.3125"
    val bad = "2|a reason|1|1|x y|corrupt image|7|5|1.jpg|2.jpg|3.jpg|4.jpg|5.jpg"
    assert(text(RoundDone(whole)) == s"round|70|0.1|6000000000|1.25|2|1|2|$turns|$bad")
    val scores = new LinkedHashMap[String, java.lang.Float]
    scores.put("loss", 1e-9f)
    scores.put("accuracy", 1f)
    assert(text(TestDone(70, scores)) == "test|70|loss|1.0E-9|accuracy|1.0")
    assert(text(SnapshotDone(Array("/a b", "s3a://c"))) == "snapshot|/a b|s3a://c")
    assert(text(Resumed(60, 6, 6000000000L)) == "resumed|60|6|6000000000")
    assert(text(CheckpointDone("/a b/iter_60")) == "checkpoint|/a b/iter_60")
    assert(text(FitOver) == "over")
  }

  it should "be those of a trainer" taggedAs SparkTag in Temporary.folder { folder =>
    FakeModel.reset()
    val model = new FakeModel
    val options = TrainerOptions()
    using(new Trainer(LocalSpark.context, model, 1, 7, SnapshotPlan.none, options)) { t =>
      val items = LocalSpark.context.parallelize(Seq.fill(4)((Array(1f), 1)), 1)
      val data = Dataset.fromFloatExamples(items, Array(1))
      t.setTrainData(data)
      t.setTestData(data)
      val answers = new Answers(t)
      def next(fit: Fit) = answers.next(fit).replace('\u0000', '|')
      val prefix = s"$folder/p"
      val early = new EarlyStopping("weight", 1, 0, "min")
      val chosen = Map("images" -> 7d, "tau" -> 2, "test_every" -> 1, "snapshot_prefix" -> prefix)
      val fit = begun(answers, early)(chosen.toSeq: _*) // two images a step
      val first = next(fit).split('\u0001')
      assert(first(0).startsWith("round|2|1.0|4|") && first.length == 2)
      assert(first(1).startsWith("INFO|workers: 1, executors that train: 1"))
      assert(next(fit) == "test|2|mean|1.0|weight|2.0")
      assert(next(fit).startsWith("round|4|1.0|4|"))
      val why = "INFO|stopped early: weight was best in iteration 2, with 2.0 (patience 1)"
      assert(next(fit) == s"test|4|mean|1.0|weight|4.0\u0001$why")
      assert(next(fit) == s"snapshot|$prefix 4|4.0,4.0,1.0|4.0,0.0,0.0")
      assert(next(fit) == "over")
      assert(answers.watched(early).replace('\u0000', '|') == "2.0|2|true")
      val one = begun(answers)("rounds" -> 1, "tau" -> 1, "checkpoint" -> s"$folder/c")
      assert(next(one) == "resumed|4|0|0" && next(one).startsWith("round|5|1.0|2|"))
      assert(next(one).endsWith("/c/iter_5") && next(one) == "over")
      assert(answers.test().split('\u0000').toSeq.take(2) == Seq("test", "5"))
      assert(answers.train(3).split('\u0000').toSeq.take(4) == Seq("round", "8", "1.0", "6"))
      // The same round, which knows its average now.
      val averaged = answers.average().split('\u0000').toSeq
      assert(averaged.take(4) == Seq("round", "8", "1.0", "6") && averaged.length == 17)
      assert(answers.trainFor(0.01).startsWith("round"))
      t.average()
      assert(t.iteration > 8)
      t.notices.warn("a b")
      assert(answers.notices() == "WARNING\u0000a b" && answers.notices() == "")
      t.notices.warn("of the trainer")
      EngineNotices.warn("of the engine")
      assert(
        answers.notices().split('\u0000').toSeq ==
          Seq("WARNING", "of the engine", "WARNING", "of the trainer")
      )
      answers.setLearningRate(0.5)
      assert(t.learningRate == 0.5f)
      answers.setLearningRate(null)
      assert(t.learningRate == 1f / (1 + t.iteration))
      for (
        (name, value, why) <- Seq(
          ("test_every", -1, "test_every is a number of rounds, 0 for never, not -1"),
          ("test_every", "2", "test_every is not a whole number: 2"),
          ("tau", 0, "tau must be at least 1, not 0"),
          ("rounds", 1.5, "rounds is not a whole number: 1.5")
        )
      ) {
        val wrong = intercept[CaffeException](begun(answers)("rounds" -> 1, name -> value))
        assert(wrong.getCodeName == "INVALID_ARGUMENT" && wrong.getMessage.contains(why))
      }
      val noLength = intercept[CaffeException](begun(answers)("tau" -> 1))
      assert(noLength.getMessage.contains("max_iter"))
    }
  }
}
