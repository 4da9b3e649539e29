package sparknet.seen

import scala.xml.{Node, NodeSeq}

import org.apache.spark.sparknet.ui.{Asked, TabPage}
import org.json4s.JsonAST.JValue

import Figures.{count, moment, seconds, value}

/** The pages of the trainings of an application: one with all of them, and one for each. A page is as
  * it was when it was asked for, and asks again by itself while something may happen.
  */
private[sparknet] object Pages {
  val tab = "sparknet"

  def of(trainings: Trainings): Seq[TabPage] =
    Seq(new AllPage(trainings), new OnePage(trainings))

  /** All trainings; one that is alone is shown at once. */
  private final class AllPage(trainings: Trainings) extends TabPage("") {
    override def show(asked: Asked): (String, Seq[Node]) = trainings.look() match {
      case Seq(one) => shown(one, asked, s"/$tab/")
      case all      =>
        val busy = all.exists(_.doing.nonEmpty)
        (
          "Trainings",
          again(asked, s"/$tab/", if (busy) busySeconds else idleSeconds) ++ list(all, asked)
        )
    }

    override def json(asked: Asked): JValue = TrainingJson.all(trainings.look())
  }

  private final class OnePage(trainings: Trainings) extends TabPage("training") {
    private def found(asked: Asked) = for {
      text <- asked.parameter("id")
      id <- scala.util.Try(text.toLong).toOption
      view <- trainings.find(id)
    } yield view

    override def show(asked: Asked): (String, Seq[Node]) = found(asked) match {
      case Some(view) => shown(view, asked, address(view))
      case None       =>
        ("Training", <p>There is no such training: it may have been one of very many.</p>)
    }

    override def json(asked: Asked): JValue = TrainingJson.one(found(asked))
  }

  private def address(view: TrainingView) = s"/$tab/training/?id=${view.id}"

  private def shown(view: TrainingView, asked: Asked, self: String): (String, Seq[Node]) = {
    val every =
      if (view.ended.nonEmpty) None
      else if (view.doing.nonEmpty) Some(busySeconds)
      else Some(idleSeconds)
    val refresh = every.fold(NodeSeq.Empty)(again(asked, self, _))
    (s"Training of ${called(view)}", refresh ++ TrainingPage(view))
  }

  /** Has the page asked for again after some seconds, unless that is switched off. */
  private def again(asked: Asked, self: String, every: Int): NodeSeq = {
    val still = self + (if (self.contains('?')) "&" else "?") + "refresh=off"
    if (asked.parameter("refresh").contains("off"))
      <p class="small text-muted float-right"><a href={asked.link(self)}>Refresh</a></p>
    else
      <meta http-equiv="refresh" content={every.toString}/> ++
        <p class="small text-muted float-right">Refreshes every {every} seconds (<a
          href={asked.link(still)}>stop</a>)</p>
  }

  private def list(all: Seq[TrainingView], asked: Asked): NodeSeq = {
    val rows = all.map { view =>
      <tr>
        <td><a href={asked.link(address(view))}>{called(view)}</a></td>
        <td>{TrainingPage.state(view)}</td>
        <td>{view.workerCount}</td>
        <td>{count(view.rounds)}</td>
        <td>{count(view.iteration)}</td>
        <td>{view.series.lastOption.fold("")(round => value(round.loss))}</td>
        <td>{TrainingPage.lastTest(view)}</td>
        <td>{TrainingPage.rate(view).fold("")(value)}</td>
        <td>{moment(view.started)}</td>
        <td>{seconds((view.ended.getOrElse(view.now) - view.started) / 1e3)}</td>
      </tr>
    }
    val header = Seq("Training", "State", "Workers", "Rounds", "Iteration", "Loss", "Last test") ++
      Seq("Images per second", "Started", "Duration")
    TrainingPage.section(s"Trainings (${all.length})", header, rows)
  }

  private def called(view: TrainingView): String =
    if (view.name.isEmpty) s"trainer ${view.id}" else s"${view.name} (trainer ${view.id})"

  private val busySeconds = 5
  private val idleSeconds = 30
}
