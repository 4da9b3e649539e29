package sparknet.train

import org.apache.spark.SparkContext
import org.json4s.JsonAST._
import org.json4s.jackson.JsonMethods
import org.scalatest.flatspec.AnyFlatSpec
import support.Closing.using
import support.{OwnContexts, SparkTag}

import sparknet.data.Dataset
import sparknet.jna.CaffeException

class TrainerSeenSpec extends AnyFlatSpec with OwnContexts {

  private def dataset(sc: SparkContext, values: Seq[Float]*): Dataset = Dataset.fromFloatExamples(
    sc.parallelize(values, values.length).flatMap(_.map(v => (Array(v), 1))),
    Array(1)
  )

  private def trainer(sc: SparkContext, workers: Int) =
    new Trainer(sc, new FakeModel, workers, 7, SnapshotPlan.none, TrainerOptions())

  private def json(sc: SparkContext, address: String): JValue =
    JsonMethods.parse(get(sc, address)._2)

  private def names(found: JValue): Seq[String] = found.asInstanceOf[JObject].obj.map(_._1)

  private def trained(sc: SparkContext, t: Trainer): Unit = {
    t.setTrainData(dataset(sc, Seq(1, 2, 3), Seq(4, 5, 6)))
    t.setTestData(dataset(sc, Seq(1), Seq(2, 3)))
    t.fit(3, 2, 1, new TrainListener {})
    t.train(1) // the loop by hand
    t.average()
    t.test()
    ()
  }

  "Spark's UI" should "show what trainers do, behind its filter" taggedAs SparkTag in
    withContext() { sc =>
      using(trainer(sc, 2)) { t =>
        trained(sc, t)
        val (status, page) = get(sc, "/sparknet/")
        assert(status == 200)
        for (part <- Seq("Loss", "Test", "Images per second", "Seconds of a round", "Workers (2)"))
          assert(page.contains(s">$part<"), part)
        assert(page.contains("<polyline") && page.contains("""fill="#2f78b7""""))
        assert(page.contains("joined, is there") && page.contains("Members (2 there)"))
        assert(page.contains("""<meta http-equiv="refresh""""))
        assert(get(sc, "/sparknet/", word = "")._1 == 403)
        val JInt(id) = json(sc, "/sparknet/json")(0) \ "id"
        val all = json(sc, s"/sparknet/training/json?id=$id")
        assert(all \ "rounds" == JInt(4) && all \ "iteration" == JInt(7))
        assert((all \ "series" \ "last").children == (1 to 4).map(JInt(_)))
        // Two items a step, of each worker; in the last round one step.
        assert((all \ "series" \ "images").children == Seq(8, 8, 8, 4).map(JInt(_)))
        assert((all \ "tests" \ "iteration").children == Seq(0, 2, 4, 6, 7).map(JInt(_)))
        assert(names(all \ "test" \ "scores").toSet == Set("mean", "weight"))
        assert(all \ "test" \ "scores" \ "mean" == JDouble(2)) // of 1, 2 and 3
        assert((all \ "allRounds" \ "images").children == Seq(JInt(14), JInt(14)))
        assert((all \ "members" \ "what").children == Seq.fill(2)(JString("joined")))
        assert((all \ "data" \ "items").children == Seq(JInt(6), JInt(3)))
        for (turn <- (all \ "lastRound").children)
          assert(names(turn \ "times") == Seq("compute", "feed", "exchange", "wait"))
      }
      assert(get(sc, "/sparknet/")._2.contains("closed"))
    }

  it should "list several trainers, and say why one came to nothing" taggedAs SparkTag in
    withContext() { sc =>
      using(trainer(sc, 1)) { first =>
        using(trainer(sc, 1)) { second =>
          first.setTrainData(dataset(sc, Seq(666, 666)))
          second.setTrainData(dataset(sc, Seq(1, 2)))
          assertThrows[CaffeException](first.train(1))
          second.train(1)
          second.average()
          val page = get(sc, "/sparknet/")._2
          assert(page.contains("Trainings (2)"))
          val ids = (json(sc, "/sparknet/json") \ "id").children.collect { case JInt(id) => id }
          assert(ids.length == 2 && ids(0) > ids(1)) // the newest first
          for (id <- ids) assert(page.contains(s"/sparknet/training/?id=$id"))
          val failed = get(sc, s"/sparknet/training/?id=${ids(1)}")._2
          assert(failed.contains("label 666 is out of range") && failed.contains("text-danger"))
          assert(!get(sc, s"/sparknet/training/?id=${ids(0)}")._2.contains("text-danger"))
        }
      }
    }

  it should "begin anew with another context" taggedAs SparkTag in
    withContext() { sc =>
      assert(get(sc, "/sparknet/")._2.indexOf("Trainings") < 0) // there is no tab yet
      using(trainer(sc, 1)) { t =>
        t.setTrainData(dataset(sc, Seq(1, 2)))
        t.train(1)
        t.average()
        assert((json(sc, "/sparknet/json") \ "rounds").children == Seq(JInt(1)))
      }
    }

  "Training" should "do without a UI" taggedAs SparkTag in
    withContext("spark.ui.enabled" -> "false") { sc =>
      using(trainer(sc, 2)) { t =>
        trained(sc, t)
        assert(t.iteration == 7)
      }
    }
}
