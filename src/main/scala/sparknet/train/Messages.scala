package sparknet.train

import org.apache.spark.sparknet.Place

import sparknet.data.BadRecords

/** What a host tells the driver. */
private[train] sealed trait ToDriver extends Serializable {
  def host: Long
}

/** A host is ready for orders.
  *
  * @param host
  *   the id of the task attempt that it is
  * @param slot
  *   the job that the driver started it with
  * @param executor
  *   as Spark writes the location of a task
  */
private[train] final case class Joined(host: Long, slot: Int, executor: String, place: Place)
    extends ToDriver

/** @param seconds
  *   that the order took the host
  */
private[train] final case class Reported(host: Long, order: Long, outcome: Outcome, seconds: Double)
    extends ToDriver

/** The task has ended without being told to leave. As then, its executor still has what nets have
  * gathered: orders that concern momentum are carried out until the host is to retire.
  */
private[train] final case class Departed(host: Long) extends ToDriver

/** Nobody takes orders any more. */
private[train] final case class Gone(host: Long) extends ToDriver

/** What the driver tells a host. */
private[train] sealed trait ToHost extends Serializable

/** Something to do. Hosts do one after the other, none twice; numbers grow. */
private[train] final case class Order(number: Long, work: Work) extends ToHost

/** Orders up to this one are of no use any more. */
private[train] final case class Abandon(upTo: Long) extends ToHost

/** Give the slot back. */
private[train] case object Leave extends ToHost

/** Take no more orders, once the slot has been given back. */
private[train] case object Retire extends ToHost

/** Another attempt of the same task, which Spark has started twice, is a host. */
private[train] case object Refused extends ToHost

/** A flat buffer that a host, or the driver, has published, in pieces.
  *
  * @param near
  *   where it is for those on the same machine
  * @param halves
  *   whether it has bfloat16 instead of floats: by how much weights have changed in a round
  */
private[train] final case class Published(
    place: Place,
    name: String,
    pieces: Pieces,
    near: Near,
    halves: Boolean
) {
  def piece(i: Int): String = s"$name-$i"
}

/** Shared memory with what is published.
  *
  * @param memory
  *   its name; empty: there is none
  * @param content
  *   the number that it is shown under
  * @param offset
  *   the number of the whole vector that is the first one there
  */
private[train] final case class Near(memory: String, content: Long, offset: Int)

/** Weights as hosts have them between rounds.
  *
  * @param version
  *   tells them from all others
  * @param sources
  *   where each piece is
  */
private[train] final case class Weights(version: Long, pieces: Pieces, sources: Seq[Published])

/** What a worker is told at the start of its part of a round.
  *
  * @param position
  *   items that it has seen before
  * @param momentum
  *   that it takes over instead of its own
  */
private[train] final case class Turn(worker: Int, position: Long, momentum: Option[Published])

/** How long workers train: a number of steps, or as many as begin within some time.
  *
  * @param turns
  *   of workers that share the time
  */
private[train] final case class Duration(steps: Int, seconds: Double, turns: Int = 1) {

  /** Seconds in which one of them begins steps. */
  def each: Double = seconds / turns

  /** Seconds after which who still trains has no part in the round. */
  def patience: Double =
    if (seconds.isInfinite) Double.PositiveInfinity else math.max(2 * seconds, seconds + 2)

  /** Seconds that one of them may wait for data, so that the others' part is not lost with its own. */
  def waiting: Double = 0.75 * patience / turns

  def shared(workers: Int): Duration = copy(turns = math.max(1, workers))
}

private[train] sealed trait Work extends Serializable {

  /** Whether who has left an executor does it as well. */
  def ofMomentum: Boolean = false
}

/** Take the weights, train, and publish what came of it.
  *
  * @param round
  *   number of rounds before this one
  * @param rate
  *   learning rate in place of the solver's policy
  */
private[train] final case class Train(
    weights: Weights,
    pieces: Pieces,
    round: Int,
    iteration: Int,
    rate: Option[Float],
    duration: Duration,
    turns: Seq[Turn]
) extends Work

/** Take the weights, and test them on the items of some workers. */
private[train] final case class Test(weights: Weights, workers: Seq[Int]) extends Work

/** Compute some pieces of a mean of vectors, and publish them.
  *
  * @param version
  *   of the weights that they are part of; None: a mean of momentum, which no host keeps
  * @param alone
  *   whether no other host does the same: who needs these weights later asks for them
  */
private[train] final case class Reduce(
    version: Option[Long],
    terms: Seq[Term],
    pieces: Seq[Int],
    alone: Boolean
) extends Work

/** A vector, and the images that it weighs. */
private[train] final case class Term(vector: Published, images: Long)

/** Fetch the other pieces of weights. */
private[train] final case class Gather(weights: Weights) extends Work

/** Publish pieces of the weights of this version, which the host has. */
private[train] final case class Publish(version: Long, layout: Pieces, pieces: Seq[Int])
    extends Work

/** Publish the momentum that some workers have. */
private[train] final case class Export(workers: Seq[Int], pieces: Pieces) extends Work {
  override def ofMomentum: Boolean = true
}

/** Withdraw what [[Export]] and [[Reduce]] have published of momentum. */
private[train] case object Forget extends Work {
  override def ofMomentum: Boolean = true
}

/** What became of an order. */
private[train] sealed trait Outcome extends Serializable

private[train] case object Done extends Outcome

private[train] final case class Trained(results: Seq[WorkerResult]) extends Outcome

private[train] final case class Tested(results: Seq[TestResult]) extends Outcome

private[train] final case class Exported(momentum: Seq[ExportedMomentum]) extends Outcome

/** Pieces are published under this name. */
private[train] final case class Shown(vector: Published) extends Outcome

/** Another JVM did not give what it should have. */
private[train] final case class Missing(what: String) extends Outcome

private[train] final case class Failed(failure: Failure) extends Outcome

/** The task has to fail, for Spark to mend what it fails of; the host stays, for who needs its weights,
  * until it is told to leave.
  *
  * @param version
  *   of the weights that it has
  * @param why
  *   for who has to give up
  */
private[train] final case class Broken(version: Long, why: Failure) extends Outcome

/** What one worker did in a round.
  *
  * @param position
  *   items that it has seen since the run began
  * @param fresh
  *   whether it began without momentum
  * @param vector
  *   its weights, unless it had nothing to train on or failed
  */
private[train] final case class WorkerResult(
    worker: Int,
    executor: String,
    steps: Int,
    images: Long,
    position: Long,
    lossSum: Double,
    fresh: Boolean,
    threads: Int,
    leftOut: BadRecords,
    vector: Option[Published],
    failure: Option[Failure],
    seconds: TurnSeconds = TurnSeconds(0, 0, 0)
)

/** What a worker's turn took.
  *
  * @param compute
  *   all that is not one of the others
  * @param feed
  *   waiting for data
  * @param exchange
  *   fetching weights, publishing them and, once that is done, its host's part in their mean
  */
private[train] final case class TurnSeconds(compute: Double, feed: Double, exchange: Double)

/** What one worker's test items gave: for each output the sum over the items. */
private[train] final case class TestResult(
    worker: Int,
    items: Long,
    outputs: Array[String],
    sums: Array[Double],
    leftOut: BadRecords,
    failure: Option[Failure]
)

/** What a host has of a worker's momentum.
  *
  * @param round
  *   the last one in which it was gathered, counted from 0; -1: none
  * @param whole
  *   whether it was gathered in all rounds up to there
  */
private[train] final case class ExportedMomentum(
    worker: Int,
    round: Int,
    whole: Boolean,
    vector: Published
)
