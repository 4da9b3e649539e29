package sparknet.seen

import sparknet.data.BadRecords

/** Where seconds went. */
final case class Times(compute: Double, feed: Double, exchange: Double, waiting: Double) {
  def total: Double = compute + feed + exchange + waiting

  def +(more: Times): Times = Times(
    compute + more.compute,
    feed + more.feed,
    exchange + more.exchange,
    waiting + more.waiting
  )

  def /(n: Double): Times = Times(compute / n, feed / n, exchange / n, waiting / n)
}

object Times {
  val none: Times = Times(0, 0, 0, 0)
}

/** One worker's part in a round, or in several.
  *
  * @param executor
  *   where it was in the last one
  */
final case class TurnSeen(worker: Int, executor: String, rounds: Int, images: Long, times: Times) {

  /** With a later one. */
  def +(later: TurnSeen): TurnSeen = TurnSeen(
    worker,
    later.executor,
    rounds + later.rounds,
    images + later.images,
    times + later.times
  )
}

/** A round, or several in a row.
  *
  * @param first
  *   number of the first one, from 1
  * @param last
  *   number of the last one
  * @param iteration
  *   the solver's counter after it
  * @param loss
  *   mean over the images
  * @param seconds
  *   of training, without the average
  * @param times
  *   mean over the workers
  */
final case class RoundSeen(
    first: Int,
    last: Int,
    iteration: Int,
    loss: Double,
    images: Long,
    seconds: Double,
    times: Times
) {
  def rounds: Int = last - first + 1
  def imagesPerSecond: Double = images / math.max(seconds, 1e-9)

  /** With those that came after it. */
  def +(later: RoundSeen): RoundSeen = {
    val sum = images + later.images
    RoundSeen(
      first,
      later.last,
      later.iteration,
      (loss * images + later.loss * later.images) / math.max(1L, sum),
      sum,
      seconds + later.seconds,
      times + later.times
    )
  }
}

/** Means of the test net's outputs, in the net's order. */
final case class TestSeen(iteration: Int, scores: Seq[(String, Double)])

/** A host came or went.
  *
  * @param at
  *   milliseconds since 1970
  */
final case class MemberSeen(at: Long, host: Long, executor: String, machine: String, what: String)

final case class NoticeSeen(at: Long, text: String)

/** A data set as it was given.
  *
  * @param use
  *   "training" or "test"
  */
final case class DataSeen(use: String, items: Long, leftOut: BadRecords)

/** All that is known of a training at a moment.
  *
  * @param started
  *   milliseconds since 1970, here and below
  * @param doing
  *   what it does, since when; None: it waits for who uses it
  * @param failure
  *   why what it did last came to nothing
  * @param series
  *   all rounds; of a long training several are one entry
  * @param last
  *   the last round's workers
  * @param workers
  *   each worker's sum of all rounds
  * @param members
  *   hosts that are there, with what was told of each when it joined
  * @param comings
  *   who came and went last, the newest last
  * @param roundsLeftOut
  *   records that could not be used in rounds, once for each time
  * @param testsLeftOut
  *   records that could not be used in the last test
  */
final case class TrainingView(
    id: Long,
    name: String,
    workerCount: Int,
    now: Long,
    started: Long,
    ended: Option[Long],
    doing: Option[(String, Long)],
    active: Long,
    failure: Option[String],
    series: Vector[RoundSeen],
    last: Vector[TurnSeen],
    workers: Vector[TurnSeen],
    tests: Vector[TestSeen],
    members: Vector[MemberSeen],
    comings: Vector[MemberSeen],
    notices: Vector[NoticeSeen],
    data: Vector[DataSeen],
    roundsLeftOut: BadRecords,
    testsLeftOut: BadRecords
) {
  def rounds: Int = series.map(_.rounds).sum
  def images: Long = series.map(_.images).sum
  def iteration: Int = series.lastOption.fold(0)(_.iteration)
}
