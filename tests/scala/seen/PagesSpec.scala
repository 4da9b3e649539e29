package sparknet.seen

import scala.xml.{Elem, NodeSeq, XML}

import org.apache.spark.sparknet.ui.{Asked, TabPage}
import org.json4s.JsonAST._
import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

import sparknet.data.{BadRecord, BadRecords}

class PagesSpec extends AnyFlatSpec {
  private val evil = "<script>alert('x')</script> & \"y\" </td>\u0000"
  private val clock = 1000000L

  private def training(id: Long, name: String) = new TrainingSeen(id, name, 2, () => clock)

  private def turn(worker: Int, compute: Double) =
    TurnSeen(worker, evil, 1, 10, Times(compute, 0.5, 0.25, 2 - compute))

  private def rounds(seen: TrainingSeen, count: Int, turns: Int => Seq[TurnSeen]): Unit =
    for (i <- 1 to count) seen.round(i, 10 * i, 2.0 / i, 1.5, turns(i), BadRecords.empty)

  private def asked(parameters: (String, String)*) = new Asked(parameters.toMap.get, "/proxy" + _)

  private def page(of: Trainings, name: String = ""): TabPage =
    Pages.of(of).find(_.name == name).get

  private def shown(of: Trainings, parameters: (String, String)*): (String, Elem) = {
    val (title, content) =
      page(of, if (parameters.isEmpty) "" else "training").show(asked(parameters: _*))
    (title, whole(content))
  }

  /** Read again, as whoever gets it must. */
  private def whole(content: NodeSeq): Elem = XML.loadString(<body>{content}</body>.toString)

  private def of(seen: TrainingSeen*): Trainings = {
    val all = new Trainings
    seen.foreach(all.add)
    all
  }

  private def refresh(page: Elem) = (page \\ "meta").map(_ \@ "content")

  "The page of a training" should "let nothing that it is told become markup" taggedAs Unit in {
    val seen = training(1, evil)
    rounds(seen, 3, _ => Seq(turn(0, 1), turn(1, 1.5)))
    seen.tested(30, Seq(evil -> 0.5, s"loss $evil" -> 1.0), BadRecords.empty)
    seen.joined(1, evil, evil)
    seen.left(1, evil)
    seen.noticed(evil)
    seen.taken(DataSeen(evil, 3, BadRecords.empty + BadRecord(evil, evil)))
    intercept[IllegalStateException](seen.during(evil)(throw new IllegalStateException(evil)))
    for (parameters <- Seq(Nil, Seq("id" -> "1"))) {
      val (title, content) = shown(of(seen), parameters: _*)
      assert((content \\ "script").isEmpty)
      val text = content.text
      assert(title.contains("<script>")) // as text, which whoever shows it escapes
      // Where it may be: output, executor, machine, notice, reason and name, failure.
      assert("<script>alert".r.findAllIn(text).length > 10)
    }
  }

  it should "have curves where the numbers are" taggedAs Unit in {
    val seen = training(1, "net")
    for ((loss, i) <- Seq(4.0, Double.NaN, 2.0, 1.0).zipWithIndex)
      seen.round(i + 1, 10 * (i + 1), loss, 1, Seq(turn(0, 1)), BadRecords.empty)
    seen.tested(40, Seq("accuracy" -> 0.25, "test_loss" -> 3.0), BadRecords.empty)
    val (_, content) = shown(of(seen))
    val lines = content \\ "polyline"
    // 0 to 40 iterations are 54 to 574 along, losses of 1 to 4 are 186 to 10 down.
    def at(iteration: Double, loss: Double) =
      f"${54 + iteration / 40 * 520}%.1f,${186 - (loss - 1) / 3 * 176}%.1f".replace(".0", "")
    assert(lines.head \@ "points" == Seq(at(10, 4), at(30, 2), at(40, 1)).mkString(" "))
    assert(lines.length == 4) // losses, accuracy, images a second
    val marks = (content \\ "circle").map(_.text)
    assert(marks == Seq("test test_loss 3.00 at iteration 40", "accuracy 0.2500 at iteration 40"))
    assert((lines(1) \@ "points") == at(40, 3))
  }

  it should "show how long everything took, in all and for each worker" taggedAs Unit in {
    val seen = training(1, "net")
    rounds(seen, 2, i => if (i == 1) Seq(turn(0, 1), turn(1, 2)) else Seq(turn(0, 1)))
    val (_, content) = shown(of(seen))
    val columns = (content \\ "g").map(g => (g \ "title").text -> (g \ "rect"))
    assert(
      columns.map(_._1) == Seq(
        "round 1: compute 1.5 s, feed 500 ms, exchange 250 ms, wait 500 ms",
        "round 2: compute 1.0 s, feed 500 ms, exchange 250 ms, wait 1.0 s"
      )
    )
    // Both rounds took 2.75 seconds, of 3 that are 176 high.
    for ((_, parts) <- columns) {
      val heights = parts.map(part => (part \@ "height").toDouble)
      assert(heights.length == 4 && math.abs(heights.sum - 2.75 / 3 * 176) < 0.3)
      assert(math.abs((parts.last \@ "y").toDouble - (186 - heights.sum)) < 0.3)
    }
    val cells = (content \\ "tr").map(row => (row \ "td").map(_.text.trim))
    val last = Seq("1.0 s", "500 ms", "250 ms", "1.0 s")
    assert(cells.exists(row => row.headOption.contains("0") && row.slice(5, 9).map(_.trim) == last))
    assert(cells.exists(row => row.headOption.contains("1") && row(5) == "no part in it"))
  }

  it should "stay small, however long the training and however many its workers" taggedAs Unit in {
    val seen = training(1, "net")
    rounds(seen, 5000, _ => (0 until 500).map(turn(_, 1)))
    for (i <- 1 to 5000) seen.tested(i, Seq("accuracy" -> 0.5), BadRecords.empty)
    val (_, content) = shown(of(seen))
    assert(content.toString.length < 300000)
    assert(content.text.contains("and 436 more"))
  }

  it should "be asked for again while something may happen, unless that is stopped" taggedAs Unit in {
    val seen = training(1, "net")
    assert(refresh(shown(of(seen))._2) == Seq("30"))
    seen.during("training")(assert(refresh(shown(of(seen))._2) == Seq("5")))
    val (_, content) = shown(of(seen))
    assert((content \\ "a").map(_ \@ "href") == Seq("/proxy/sparknet/?refresh=off"))
    val still = whole(page(of(seen)).show(asked("refresh" -> "off"))._2)
    assert(refresh(still).isEmpty && (still \\ "a").map(_ \@ "href") == Seq("/proxy/sparknet/"))
    seen.end()
    assert(refresh(shown(of(seen))._2).isEmpty)
  }

  "All trainings" should "be listed if there are several, each with its page" taggedAs Unit in {
    val all = of(training(1, "a"), training(7, ""))
    val (title, content) = shown(all)
    assert(title == "Trainings" && content.text.contains("Trainings (2)"))
    val links = (content \\ "td" \\ "a").map(link => link.text -> link \@ "href")
    assert(
      links == Seq(
        "trainer 7" -> "/proxy/sparknet/training/?id=7",
        "a (trainer 1)" -> "/proxy/sparknet/training/?id=1"
      )
    )
    assert(shown(all, "id" -> "1")._1 == "Training of a (trainer 1)")
    val still = shown(all, "id" -> "1")._2 \\ "a"
    assert(still.map(_ \@ "href") == Seq("/proxy/sparknet/training/?id=1&refresh=off"))
    for (id <- Seq("2", "x", "", "<b>"))
      assert(shown(all, "id" -> id)._2.text.contains("no such training"))
    assert(shown(of())._2.text.contains("Trainings (0)"))
  }

  "What programs get" should "be numbers, or null where there are none" taggedAs Unit in {
    val seen = training(3, evil)
    rounds(seen, 1, _ => Seq(turn(0, 1)))
    seen.round(2, 20, Double.NaN, 1.5, Seq(turn(0, 1)), BadRecords.empty)
    seen.tested(20, Seq("accuracy" -> Double.PositiveInfinity), BadRecords.empty)
    val all = page(of(seen)).json(asked())
    assert((all \ "name").children == Seq(JString(evil)) && (all \ "loss").children == Seq(JNull))
    val one = page(of(seen), "training").json(asked("id" -> "3"))
    assert((one \ "series" \ "loss").children == Seq(JDouble(2), JNull))
    assert(one \ "test" \ "scores" \ "accuracy" == JNull)
    val times = JObject(
      "compute" -> JDouble(2),
      "feed" -> JDouble(1),
      "exchange" -> JDouble(0.5),
      "wait" -> JDouble(2)
    )
    assert((one \ "allRounds")(0) \ "times" == times)
    assert(page(of(seen), "training").json(asked("id" -> "4")) == JObject())
  }
}
