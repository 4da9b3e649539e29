package sparknet.train

import java.io.IOException

import scala.util.control.NonFatal

import org.apache.spark.TaskKilledException
import org.apache.spark.sparknet.PublishedMemory

import sparknet.data.{SparkFailure, Stock}
import sparknet.jna.{CaffeException, FloatMemory, HalfMemory, SharedNumbers, VectorMath}

/** What a task of the crew does for as long as it lives: it carries out orders for one or more logical
  * workers, one order at a time.
  *
  * @param id
  *   of the task attempt
  * @param items
  *   a worker's items to train on
  * @param testItems
  *   a worker's items to test on
  * @param stopped
  *   whether an order is of no use any more; throws if Spark ends the task
  */
private[train] final class Host(
    val id: Long,
    plan: HostPlan,
    memory: Memory,
    items: Int => Stock,
    testItems: Int => Stock,
    stopped: Long => Boolean
) extends AutoCloseable {
  private val floats = plan.layout.count
  private val current = new FloatMemory(floats)
  private var version = -1L // of `current`, if it is complete
  private var shown = Option.empty[Publication] // of `current`
  private var spare = List.empty[FloatMemory]
  private var spareHalves = List.empty[HalfMemory]
  // The mean of a round's differences, which become part of `current` once nobody can want another
  // mean of the same round; with the version that this makes of them, if they are complete.
  private var differences = Option.empty[Publication]
  private var mean = Option.empty[HalfMemory]
  private var meanVersion = -1L
  private var trained = Map.empty[Int, Publication] // what workers' turns came to
  private var momentum = Vector.empty[Publication]
  private var copies = List.empty[FloatMemory] // for these publications alone
  private var workers = Map.empty[Int, Worker]
  private var base = -1L // version of the weights from which they began
  private var done = -1L // the last order
  private var names = 0L

  /** Why the task has to fail once the host has been told to leave. */
  var failure = Option.empty[Throwable]

  private def unwanted(): Boolean = stopped(done)

  private val reducer = new AllReduce(
    memory,
    name => (trained.values ++ momentum).find(_.vector.name == name).flatMap(_.held),
    () => unwanted()
  )

  /** Carries out an order; None: it has come before. */
  def handle(order: Order): Option[Outcome] =
    if (order.number <= done) None
    else {
      done = order.number
      Some(
        try carryOut(order.work)
        catch {
          case missing: MissingPiece => Missing(missing.getMessage)
          case _: AbandonedOrder     => Done // nobody waits for it
          case e: CaffeException     =>
            Failed(Failure.ofExecutor(e))
          case NonFatal(thrown) if isLoss(thrown) =>
            failure = Some(thrown)
            Broken(version, Failure.ofLoss(thrown))
        }
      )
    }

  private def isLoss(thrown: Throwable) = thrown match {
    case _: TaskKilledException => false
    case _: IOException         => true // of the storage that a worker reads, or the local disk
    case other                  => SparkFailure.in(other).isPresent
  }

  private def carryOut(work: Work): Outcome = work match {
    case train: Train =>
      withdrawTrained()
      base = train.weights.version
      val begin = System.nanoTime
      take(train.weights)
      val taking = since(begin)
      val results = train.turns.flatMap(turn(train, _, taking))
      if (results.nonEmpty || train.turns.isEmpty) Trained(results)
      else Missing(s"no data came in time for worker ${train.turns.map(_.worker).mkString(", ")}")
    case Test(weights, tested) =>
      take(weights)
      Tested(tested.map(worker(_).test(current)))
    case Reduce(Some(next), terms, pieces, _) if terms.head.vector.halves =>
      val layout = terms.head.vector.pieces
      withdrawDifferences()
      val into = mean.getOrElse(new HalfMemory(floats))
      mean = Some(into)
      reducer.reduce(terms, pieces, into)
      if (pieces.length == layout.count) meanVersion = next
      differences = Some(publish(into, layout, pieces))
      Shown(differences.get.vector)
    case Reduce(Some(next), terms, pieces, alone) =>
      val layout = terms.head.vector.pieces
      restart()
      reducer.reduce(terms, pieces, current)
      if (pieces.length == layout.count) version = next
      val publication = publish(current, layout, if (alone && !layout.everywhere) Nil else pieces)
      shown = Some(publication)
      Shown(publication.vector)
    case Reduce(None, terms, pieces, _) =>
      val layout = terms.head.vector.pieces
      val offset = pieces.headOption.fold(0)(layout.start)
      val mean = new FloatMemory(pieces.map(layout.length).sum)
      copies ::= mean
      withdrawShown() // both beside the momentum may be more than can be published
      reducer.reduce(terms, pieces, mean, offset)
      momentum :+= publish(mean, layout, pieces, offset)
      Shown(momentum.last.vector)
    case Gather(weights) =>
      val own = (differences ++ shown).map(_.vector).toSet
      val (mine, rest) = weights.pieces.all.partition(p => own(weights.sources(p)))
      // Each begins with its neighbour's: from the first one on all would ask the same host at a time.
      val (before, after) = rest.span(_ < mine.headOption.getOrElse(0))
      val others = (after ++ before).map(piece => (weights.sources(piece), piece))
      if (weights.sources.head.halves) {
        reducer.gather(others, mean.get)
        meanVersion = weights.version
      } else {
        reducer.gather(others, current)
        version = weights.version
      }
      Done
    case Publish(wanted, layout, pieces) =>
      if (wanted != base) withdrawTrained() // what came of them is known everywhere
      applyMean(wanted)
      if (version != wanted)
        throw new MissingPiece(s"weights $wanted: this host has $version")
      if (!shown.exists(_.vector.pieces == layout)) {
        shown.foreach(_.withdraw())
        shown = Some(publish(current, layout, Nil))
      }
      shown.get.show(pieces)
      Shown(shown.get.vector)
    case Export(wanted, layout) =>
      withdrawTrained() // no round is waiting for them, and both may be more than can be published
      Exported(wanted.flatMap { worker =>
        WorkerNets.momentum(plan.trainer, worker).map { found =>
          momentum :+= publish(found.values, layout, layout.all, copied = found.crowded)
          if (found.crowded) found.values.close()
          else if (found.copied) copies ::= found.values
          ExportedMomentum(worker, found.round, found.whole, momentum.last.vector)
        }
      })
    case Forget =>
      forget()
      Done
  }

  /** @param taking
    *   seconds in which the host got the weights, for all turns
    */
  private def turn(work: Train, turn: Turn, taking: Double): Option[WorkerResult] = {
    val begin = System.nanoTime
    val own = worker(turn.worker)
    val taken = turn.momentum.map { from =>
      val values = new FloatMemory(from.pieces.floats)
      reducer.gather(from.pieces.all.map((from, _)), values)
      values
    }
    val into = spare.headOption.getOrElse(new FloatMemory(floats))
    spare = spare.drop(1)
    val training = System.nanoTime
    val result =
      try own.train(work, turn, taken, current, into)
      finally taken.foreach(_.close())
    val ownTime = since(training)
    if (work.turns.length > 1) own.closeFeed() // the items of all at once may be too many
    if (result.forall(r => r.images == 0 || r.failure.nonEmpty)) {
      spare ::= into
      result
    } else {
      val publication =
        if (!plan.halves || work.pieces.everywhere) published(work, turn, into)
        else {
          val halves = spareHalves.headOption.getOrElse(new HalfMemory(floats))
          spareHalves = spareHalves.drop(1)
          VectorMath.differ(into, current, halves)
          spare ::= into
          published(work, turn, halves)
        }
      trained += turn.worker -> publication
      val exchange = taking + since(begin) - ownTime
      result.map { r =>
        r.copy(vector = Some(publication.vector), seconds = r.seconds.copy(exchange = exchange))
      }
    }
  }

  /** Publishes what a turn came to: on disk if memory has no room for that of all who have their turns. */
  private def published(work: Train, turn: Turn, values: SharedNumbers): Publication = {
    val i = work.turns.indexOf(turn)
    val last = i == work.turns.length - 1 // nobody needs its memory after it
    val copied = work.turns.length > plan.vectors && i >= plan.vectors - 1 && !last
    val publication = publish(values, work.pieces, work.pieces.all, copied = copied)
    if (copied) takeBack(values)
    publication
  }

  private def takeBack(values: SharedNumbers): Unit = values match {
    case whole: FloatMemory => spare ::= whole
    case half: HalfMemory   => spareHalves ::= half
  }

  private def since(begin: Long): Double = (System.nanoTime - begin) / 1e9

  private def worker(number: Int): Worker = workers.getOrElse(
    number, {
      val made = new Worker(
        plan,
        number,
        items(number),
        testItems(number),
        () => unwanted(),
        memory.spill(_)
      )
      workers += number -> made
      made
    }
  )

  private def take(weights: Weights): Unit = {
    applyMean(weights.version)
    if (version != weights.version) fetch(weights)
  }

  /** Makes weights of the mean of differences, if these are the weights that are wanted. */
  private def applyMean(wanted: Long): Unit = if (meanVersion == wanted) {
    restart()
    VectorMath.add(mean.get, current)
    version = wanted
    withdrawDifferences()
  }

  private def withdrawDifferences(): Unit = {
    meanVersion = -1
    differences.foreach(_.withdraw())
    differences = None
  }

  private def fetch(weights: Weights): Unit = {
    restart()
    reducer.gather(weights.pieces.all.map(p => (weights.sources(p), p)), current)
    version = weights.version
  }

  /** Before `current` changes nobody may read it any more. */
  private def restart(): Unit = {
    version = -1
    withdrawShown()
  }

  private def withdrawShown(): Unit = {
    shown.foreach(_.withdraw())
    shown = None
  }

  private def withdrawTrained(): Unit = {
    trained.values.foreach { publication =>
      publication.withdraw()
      publication.held.foreach(takeBack)
    }
    trained = Map.empty
  }

  /** Takes back what it has published of momentum. */
  def forget(): Unit = {
    momentum.foreach(_.withdraw())
    momentum = Vector.empty
    copies.foreach(_.close()) // not left to the garbage collector, which sees small objects only
    copies = Nil
  }

  private def publish(
      values: SharedNumbers,
      layout: Pieces,
      pieces: Seq[Int],
      offset: Int = 0,
      copied: Boolean = false
  ): Publication = {
    names += 1
    val name = s"${Host.prefix(id)}$names"
    val publication = new Publication(memory, name, layout, values, offset, copied)
    try publication.show(pieces)
    catch {
      case e: IOException =>
        publication.withdraw()
        throw e
    }
    publication
  }

  /** Gives back all but what it takes to tell of momentum. */
  override def close(): Unit = {
    workers.values.foreach(_.close())
    workers = Map.empty // with the items that they have in memory
    withdrawTrained()
    restart()
    withdrawDifferences()
    forget()
    (current :: spare ++ spareHalves ++ mean).foreach(_.close())
  }
}

private[train] object Host {

  /** How the names of what a host publishes begin: ids of task attempts are never used twice. */
  def prefix(id: Long): String = s"${PublishedMemory.prefix}host-$id-"
}
