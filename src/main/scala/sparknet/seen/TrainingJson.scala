package sparknet.seen

import org.json4s.JsonAST._

import sparknet.data.BadRecords

/** A training for programs. Times are in seconds, moments in milliseconds since 1970. */
private[seen] object TrainingJson {

  def all(views: Seq[TrainingView]): JValue = JArray(views.map(summary).toList)

  /** Nothing: an empty object. */
  def one(view: Option[TrainingView]): JValue =
    view.fold(JObject())(v => JObject(summary(v).obj ++ details(v).obj))

  private def summary(view: TrainingView): JObject = JObject(
    "id" -> JLong(view.id),
    "name" -> JString(view.name),
    "state" -> JString(TrainingPage.state(view)),
    "failure" -> view.failure.fold[JValue](JNull)(JString(_)),
    "started" -> JLong(view.started),
    "ended" -> view.ended.fold[JValue](JNull)(JLong(_)),
    "workers" -> JInt(view.workerCount),
    "rounds" -> JInt(view.rounds),
    "iteration" -> JInt(view.iteration),
    "images" -> JLong(view.images),
    "loss" -> view.series.lastOption.fold[JValue](JNull)(round => number(round.loss)),
    "test" -> view.tests.lastOption.fold[JValue](JNull)(test)
  )

  private def details(view: TrainingView): JObject = JObject(
    "series" -> list(view.series) { round =>
      JObject(
        "first" -> JInt(round.first),
        "last" -> JInt(round.last),
        "iteration" -> JInt(round.iteration),
        "loss" -> number(round.loss),
        "images" -> JLong(round.images),
        "seconds" -> number(round.seconds),
        "times" -> times(round.times)
      )
    },
    "tests" -> list(view.tests)(test),
    "lastRound" -> list(view.last)(turn),
    "allRounds" -> list(view.workers)(turn),
    "members" -> list(view.members)(member),
    "comings" -> list(view.comings)(member),
    "notices" -> list(view.notices)(notice =>
      JObject("at" -> JLong(notice.at), "text" -> JString(notice.text))
    ),
    "data" -> list(view.data)(set =>
      JObject(
        "use" -> JString(set.use),
        "items" -> JLong(set.items),
        "leftOut" -> records(set.leftOut)
      )
    ),
    "roundsLeftOut" -> records(view.roundsLeftOut),
    "testsLeftOut" -> records(view.testsLeftOut)
  )

  private def test(seen: TestSeen): JValue = JObject(
    "iteration" -> JInt(seen.iteration),
    "scores" -> JObject(seen.scores.map { case (name, mean) => name -> number(mean) }.toList)
  )

  private def turn(seen: TurnSeen): JValue = JObject(
    "worker" -> JInt(seen.worker),
    "executor" -> JString(seen.executor),
    "rounds" -> JInt(seen.rounds),
    "images" -> JLong(seen.images),
    "times" -> times(seen.times)
  )

  private def times(of: Times): JValue =
    JObject(TimeChart.parts.map { case (name, _, part) => name -> number(part(of)) }.toList)

  private def member(seen: MemberSeen): JValue = JObject(
    "at" -> JLong(seen.at),
    "what" -> JString(seen.what),
    "host" -> JLong(seen.host),
    "executor" -> JString(seen.executor),
    "machine" -> JString(seen.machine)
  )

  private def records(of: BadRecords): JValue =
    JObject(of.counts.toList.sorted.map { case (reason, n) => reason -> JLong(n) })

  private def list[A](all: Seq[A])(each: A => JValue): JValue = JArray(all.map(each).toList)

  /** JSON has no other numbers. */
  private def number(x: Double): JValue = if (x.isNaN || x.isInfinite) JNull else JDouble(x)
}
