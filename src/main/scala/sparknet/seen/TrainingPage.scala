package sparknet.seen

import scala.xml.{Elem, NodeSeq}

import sparknet.data.BadRecords

import Figures.{count, moment, seconds, value}

/** A training as a page: curves, where the time goes, workers, members, what was left out. All text is
  * escaped, for it stands in XML.
  */
private[seen] object TrainingPage {

  /** Workers with a line of their own. */
  private val mostWorkers = 64
  private val mostComings = 30

  def apply(view: TrainingView): NodeSeq = {
    // All of them: after the loss of all executors the counter goes back.
    val iterations = (0 +: (view.series.map(_.iteration) ++ view.tests.map(_.iteration))).max
    def overRounds(name: String)(y: RoundSeen => Double) =
      Line(name, colour(0), view.series.map(round => (round.iteration.toDouble, y(round))))
    val (losses, others) = view.tests.flatMap(_.scores.map(_._1)).distinct.partition(isLoss)
    val loss = overRounds("training")(_.loss) +: losses.zipWithIndex.map { case (name, i) =>
      tested(view, name, s"test $name", colour(i + 1))
    }
    val scores = others.zipWithIndex.map { case (name, i) => tested(view, name, name, colour(i)) }
    val rate = overRounds("images/s")(_.imagesPerSecond)
    def chart(title: String, lines: Seq[Line], fromZero: Boolean = false) =
      <div class="col-lg-6 mb-3">
        <h4>{title}</h4>
        {LineChart(title, lines, iterations, fromZero)}
        {LineChart.legend(lines.map(line => line.name -> line.colour))}
      </div>
    facts(view) ++
      <div class="row">
        {chart("Loss", loss)}
        {if (scores.isEmpty) NodeSeq.Empty else chart("Test", scores)}
        {chart("Images per second", Seq(rate), fromZero = true)}
        <div class="col-lg-6 mb-3">
          <h4>Seconds of a round</h4>
          {TimeChart.columns(view.series)}
          {TimeChart.legend}
        </div>
      </div> ++
      workers(view) ++ members(view) ++ leftOut(view) ++ notices(view)
  }

  /** One line on what it does now. */
  def state(view: TrainingView): String = {
    def since(at: Long) = seconds((view.now - at) / 1e3)
    (view.doing, view.ended) match {
      case (_, Some(_))          => "closed"
      case (Some((what, at)), _) => s"$what for ${since(at)}"
      case _                     => s"idle for ${since(view.active)}"
    }
  }

  /** The last test. */
  def lastTest(view: TrainingView): String = view.tests.lastOption.fold("")(
    _.scores.map { case (name, mean) => s"$name ${value(mean)}" }.mkString(", ")
  )

  /** Of the last rounds, that one slow round says nothing. */
  def rate(view: TrainingView): Option[Double] =
    view.series.takeRight(5).reduceOption(_ + _).map(_.imagesPerSecond)

  private def facts(view: TrainingView): NodeSeq = {
    val end = view.ended.getOrElse(view.now)
    val done = s"${count(view.rounds)} (iteration ${count(view.iteration)}, " +
      s"${count(view.images)} images)"
    <ul class="list-unstyled">
      {fact("State", state(view))}
      {view.failure.toSeq.map(why => fact("Failed", why, "text-danger"))}
      {fact("Started", s"${moment(view.started)}, ${seconds((end - view.started) / 1e3)} in all")}
      {fact("Rounds", done)}
      {view.series.lastOption.toSeq.map(round => fact("Loss", value(round.loss)))}
      {if (view.tests.isEmpty) Nil else fact("Last test", lastTest(view))}
      {rate(view).toSeq.map(images => fact("Images per second", value(images)))}
      {
      view.data.map { set =>
        val without = if (set.leftOut.isEmpty) "" else s", ${count(set.leftOut.total)} left out"
        fact(s"${set.use.capitalize} data", s"${count(set.items)} items$without")
      }
    }
    </ul>
  }

  private def fact(name: String, value: String, of: String = ""): Elem =
    <li class={of}><strong>{name}:</strong> {value}</li>

  private def tested(view: TrainingView, output: String, name: String, colour: String): Line =
    Line(
      name,
      colour,
      view.tests.flatMap { test =>
        test.scores.collectFirst { case (`output`, mean) => (test.iteration.toDouble, mean) }
      },
      marked = true
    )

  private def isLoss(output: String) = output.toLowerCase(java.util.Locale.ROOT).contains("loss")

  private def workers(view: TrainingView): NodeSeq = {
    val last = view.last.map(turn => turn.worker -> turn).toMap
    val shown = view.workers.take(mostWorkers)
    val means = shown.map(sum => sum.times / sum.rounds)
    val longest = (means ++ view.last.map(_.times)).map(_.total).foldLeft(0.0)(_ max _)
    val rows = shown.zip(means).map { case (sum, mean) =>
      val own = last.get(sum.worker)
      <tr>
        <td>{sum.worker}</td>
        <td>{sum.executor}</td>
        <td>{count(sum.rounds)}</td>
        <td>{count(sum.images)}</td>
        <td>{own.toSeq.map(turn => TimeChart.bar(turn.times, longest))}</td>
        {
        TimeChart.parts.map { case (_, _, part) =>
          <td>{own.fold("no part in it")(turn => seconds(part(turn.times)))}</td>
        }
      }
        <td>{TimeChart.bar(mean, longest)}</td>
      </tr>
    }
    val more = view.workers.length - shown.length
    val header = Seq("Worker", "Executor", "Rounds", "Images", "Last round") ++
      TimeChart.parts.map(_._1.capitalize) :+ "Mean of all rounds"
    section(s"Workers (${view.workerCount})", header, rows) ++
      (if (more > 0) <p>and {count(more)} more</p> else NodeSeq.Empty) ++
      (if (rows.isEmpty) NodeSeq.Empty else TimeChart.legend)
  }

  private def members(view: TrainingView): NodeSeq = {
    val there = view.members.map(_.host).toSet
    val rows = view.comings.reverse.take(mostComings).map { coming =>
      val still = coming.what == "joined" && there(coming.host)
      <tr>
        <td>{moment(coming.at)}</td>
        <td>{coming.what + (if (still) ", is there" else "")}</td>
        <td>{coming.host}</td>
        <td>{coming.executor}</td>
        <td>{coming.machine}</td>
      </tr>
    }
    section(
      s"Members (${there.size} there)",
      Seq("Time", "What", "Host", "Executor", "Machine"),
      rows
    )
  }

  private def leftOut(view: TrainingView): NodeSeq = {
    val found = view.data.map(set => s"the ${set.use} data" -> set.leftOut) ++
      Seq("rounds" -> view.roundsLeftOut, "the last test" -> view.testsLeftOut)
    val rows = for {
      (where, records) <- found
      (reason, times) <- records.counts.toSeq.sortBy { case (reason, n) => (-n, reason) }
    } yield <tr>
      <td>{reason}</td>
      <td>{count(times)}</td>
      <td>{where}</td>
      <td>{named(records, reason, times)}</td>
    </tr>
    if (rows.isEmpty) NodeSeq.Empty
    else section("Records left out", Seq("Reason", "Count", "In", "First of them"), rows)
  }

  private def named(records: BadRecords, reason: String, times: Long): String = {
    val names = records.names(reason)
    names.mkString(", ") + (if (times > names.length) ", ..." else "")
  }

  private def notices(view: TrainingView): NodeSeq = {
    val rows = view.notices.reverse.map { notice =>
      <tr><td>{moment(notice.at)}</td><td>{notice.text}</td></tr>
    }
    if (rows.isEmpty) NodeSeq.Empty else section("Notices", Seq("Time", "Notice"), rows)
  }

  /** A table under a title, as Spark's own pages have them. */
  def section(title: String, header: Seq[String], rows: Seq[Elem]): NodeSeq =
    <h4 class="mt-3">{title}</h4> ++
      <table class="table table-bordered table-sm table-striped">
        <thead><tr>{header.map(name => <th>{name}</th>)}</tr></thead>
        <tbody>{rows}</tbody>
      </table>

  private val colours =
    Seq("#2f78b7", "#d1495b", "#2a9d5c", "#8c5aa8", "#e69f00", "#5f6b76", "#17a2b8")

  private def colour(i: Int) = colours(i % colours.length)
}
