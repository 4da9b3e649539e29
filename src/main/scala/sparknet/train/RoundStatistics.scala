package sparknet.train

import sparknet.data.BadRecords

/** What one worker did in a round, and where the round's time went. The four times together are those
  * of the round, average included; in seconds.
  *
  * @param executor
  *   its id, as Spark's UI has it
  * @param leftOut
  *   images that turned out to be unusable when it was to train on them
  * @param compute
  *   its turn, less what it waited for data
  * @param feed
  *   waiting for data
  * @param exchange
  *   fetching weights, publishing them, and its host's part in the average once that is done
  * @param waiting
  *   idle, until the others were done; where workers take turns on a host, for their turns too
  */
final case class WorkerTurn(
    worker: Int,
    executor: String,
    steps: Int,
    images: Long,
    leftOut: BadRecords,
    compute: Double,
    feed: Double,
    exchange: Double,
    waiting: Double
)

/** What workers did in a round. `train` knows it but for the average: that is added once it is there,
  * before listeners are told of the round.
  */
final class RoundStatistics private (first: RoundStatistics.Known) {
  @volatile private var known = first

  /** Of workers that took part in the training, in their order. */
  def turns: Seq[WorkerTurn] = known.turns

  /** Workers that trained, whose part was lost before the average. */
  def lostBeforeMean: Seq[Int] = known.lost

  /** Seconds of the round so far: of its training, and of the average once that is there. */
  def seconds: Double = known.seconds

  /** @param took
    *   workers' part in the mean
    * @param averaging
    *   seconds
    */
  private[train] def complete(took: Seq[WorkerResult], averaging: Double): Unit = {
    val all = first.seconds + averaging
    val there = took.map(result => result.worker -> result).toMap
    val turns = first.turns.map { turn =>
      val exchange = there.get(turn.worker).fold(turn.exchange)(_.seconds.exchange)
      turn.copy(exchange = exchange, waiting = RoundStatistics.rest(all, turn, exchange))
    }
    val lost = turns.map(_.worker).filterNot(there.contains)
    known = RoundStatistics.Known(turns, lost, all)
  }
}

object RoundStatistics {
  private final case class Known(turns: Seq[WorkerTurn], lost: Seq[Int], seconds: Double)

  val none = new RoundStatistics(Known(Nil, Nil, 0))

  /** Of a round that is trained.
    *
    * @param seconds
    *   from its beginning to the end of the slowest worker
    */
  private[train] def of(results: Seq[WorkerResult], seconds: Double): RoundStatistics = {
    val turns = results.filter(_.images > 0).map { r =>
      val TurnSeconds(compute, feed, exchange) = r.seconds
      val turn = WorkerTurn(
        r.worker,
        r.executor,
        r.steps,
        r.images,
        r.leftOut,
        compute,
        feed,
        exchange,
        waiting = 0
      )
      turn.copy(waiting = rest(seconds, turn, exchange))
    }
    new RoundStatistics(Known(turns, Nil, seconds))
  }

  // Clocks of two machines may differ in how fast they go.
  private def rest(all: Double, turn: WorkerTurn, exchange: Double): Double =
    math.max(0, all - turn.compute - turn.feed - exchange)
}
