package sparknet.seen

import scala.collection.immutable.{ListMap, Queue, TreeMap}

import sparknet.data.BadRecords

/** What there is to see of a training: its trainer tells it what happens, whoever wants to see it takes
  * a [[look]]. Its memory does not grow with the number of rounds.
  *
  * @param id
  *   of the trainer
  * @param name
  *   of the net
  * @param now
  *   milliseconds since 1970
  */
final class TrainingSeen(
    val id: Long,
    name: String,
    workers: Int,
    now: () => Long = () => System.currentTimeMillis
) {
  import TrainingSeen._

  private val started = now()
  private var ended = Option.empty[Long]
  private var doing = List.empty[(String, Long)] // of several, one in the other, the last one
  private var active = started
  private var failure = Option.empty[String]
  private val series = new Thinned[RoundSeen](mostPoints)(_ + _)
  private var last = Vector.empty[TurnSeen]
  private var sums = TreeMap.empty[Int, TurnSeen]
  private val tests = new Thinned[TestSeen](mostPoints)((_, later) => later)
  private var members = ListMap.empty[Long, MemberSeen]
  private var comings = Queue.empty[MemberSeen]
  private var notices = Queue.empty[NoticeSeen]
  private var data = ListMap.empty[String, DataSeen]
  private var roundsLeftOut = BadRecords.empty
  private var testsLeftOut = BadRecords.empty

  /** While `body` runs this is what the training does; what it throws is kept to be seen. */
  def during[T](what: String)(body: => T): T = {
    synchronized {
      active = now()
      doing ::= what -> active
      failure = None
    }
    try body
    catch {
      case thrown: Throwable =>
        val why = Option(thrown.getMessage).getOrElse(thrown.toString)
        synchronized { failure = Some(short(s"$what: $why")) }
        throw thrown
    } finally
      synchronized {
        doing = doing.drop(1)
        active = now()
      }
  }

  /** A round has become part of the weights. */
  def round(
      number: Int,
      iteration: Int,
      loss: Double,
      seconds: Double,
      turns: Seq[TurnSeen],
      leftOut: BadRecords
  ): Unit = synchronized {
    val times = turns.map(_.times).fold(Times.none)(_ + _) / math.max(1, turns.length)
    series += RoundSeen(number, number, iteration, loss, turns.map(_.images).sum, seconds, times)
    last = turns.toVector
    for (turn <- turns)
      sums = sums.updated(turn.worker, sums.get(turn.worker).fold(turn)(_ + turn))
    roundsLeftOut = roundsLeftOut ++ leftOut
  }

  def tested(iteration: Int, scores: Seq[(String, Double)], leftOut: BadRecords): Unit =
    synchronized {
      tests += TestSeen(iteration, scores)
      testsLeftOut = leftOut
    }

  /** A host is there. */
  def joined(host: Long, executor: String, machine: String): Unit = synchronized {
    val member = MemberSeen(now(), host, executor, machine, "joined")
    members = members.updated(host, member)
    note(member)
  }

  /** A host is there no more.
    *
    * @param how
    *   a word or two
    */
  def left(host: Long, how: String): Unit = synchronized {
    members.get(host).foreach(member => note(member.copy(at = now(), what = how)))
    members -= host
  }

  /** Something was told to the user. */
  def noticed(text: String): Unit = synchronized {
    notices = newest(notices.enqueue(NoticeSeen(now(), short(text))), mostNotices)
  }

  /** What it trains or tests on from now on. */
  def taken(set: DataSeen): Unit = synchronized { data = data.updated(set.use, set) }

  def end(): Unit = synchronized { if (ended.isEmpty) ended = Some(now()) }

  def hasEnded: Boolean = synchronized(ended.nonEmpty)

  def look(): TrainingView = synchronized {
    TrainingView(
      id,
      name,
      workers,
      now(),
      started,
      ended,
      doing.lastOption,
      active,
      failure,
      series.toVector,
      last,
      sums.values.toVector,
      tests.toVector,
      members.values.toVector,
      comings.toVector,
      notices.toVector,
      data.values.toVector,
      roundsLeftOut,
      testsLeftOut
    )
  }

  private def note(coming: MemberSeen): Unit =
    comings = newest(comings.enqueue(coming), mostComings)
}

object TrainingSeen {

  /** Entries of a series. */
  val mostPoints = 400
  val mostComings = 200
  val mostNotices = 50

  /** Letters of a notice. */
  val mostLetters = 2000

  private def short(text: String): String =
    if (text.length <= mostLetters) text else text.take(mostLetters) + " ..."

  private def newest[A](all: Queue[A], most: Int): Queue[A] = all.drop(all.length - most)
}
