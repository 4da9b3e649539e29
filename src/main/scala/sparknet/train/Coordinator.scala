package sparknet.train

import sparknet.jna.FloatMemory

/** Leads the hosts through rounds, on the driver: who takes part, which worker trains where, and which
  * host computes what of the mean. What hosts do comes to it as [[Members]]' outcomes; it runs on the
  * thread of whoever calls the trainer, and knows nothing of Spark.
  *
  * Each round is for those that are there. A host that dies costs what its workers did in the round
  * that is running; the others go on. If all die, the driver's copy of the weights goes out again.
  *
  * @param members
  *   the hosts there are
  * @param copy
  *   the driver's copy of the weights
  * @param say
  *   tells the user
  * @param cut
  *   cuts so many floats for so many hosts
  */
private[train] final class Coordinator(
    workers: Int,
    historyCount: Int,
    members: Members,
    copy: WeightsCopy,
    say: String => Unit,
    cut: (Int, Int) => Pieces = Pieces.of(_, _)
) {
  import Coordinator._

  private val exchange = new WeightsExchange(members, copy, say, cut)
  private val placement = new Placement
  private val momentum = new MomentumExchange(
    workers,
    historyCount,
    members,
    copy,
    placement,
    cut,
    () => {
      val crew = assembled()
      exchange.ready(crew)
      crew
    }
  )
  private var pending = Option.empty[Pending]
  private var images = Vector.fill(workers)(0L)

  /** Learning rate of the next rounds in place of the solver's policy. */
  var rate = Option.empty[Float]

  def current: Progress = exchange.progress

  /** Images of each worker that are in the last mean. */
  def lastImages: Vector[Long] = images

  def isPending: Boolean = pending.nonEmpty

  /** Where each worker's items lie, if that is known. */
  def place(homes: IndexedSeq[Option[String]]): Unit = placement.homes = homes

  /** Makes other weights the current ones; a round that is not averaged yet is dropped.
    *
    * @param given
    *   momentum that workers take over; none: they keep theirs
    * @param fill
    *   writes the weights over the current ones
    */
  def adopt(next: Progress, handed: Map[Int, FloatMemory] = Map.empty)(
      fill: FloatMemory => Unit
  ): Unit = {
    drop()
    exchange.adopt(next)(fill)
    momentum.takeOver(handed)
  }

  /** Forgets a round that is not averaged. */
  def drop(): Unit = {
    pending.flatMap(_.mean).foreach(_._1.close())
    pending = None
  }

  /** The current weights, in memory of the driver's that the next call changes. */
  def weights(): FloatMemory = exchange.weights()

  /** Goes on from a checkpoint. */
  def resume(from: Checkpoint): Unit = {
    adopt(from.progress, from.momentum)(_.floats.put(from.weights.floats))
    images = from.images
  }

  /** Brings the weights to the hosts. */
  def send(): Unit = {
    exchange.ready(assembled())
    ()
  }

  /** Has each worker train from the current weights, and waits for those that do not get lost. */
  def train(duration: Duration): Round = {
    var round = Option.empty[Round]
    while (round.isEmpty) {
      val crew = assembled()
      val weights = exchange.ready(crew)
      val pieces = exchange.cutFor(crew.length)
      val outcomes = turns(crew, weights, pieces, duration)
      val results = outcomes
        .collect { case (host, Trained(own)) =>
          host.version = weights.version
          own.map(host.id -> _)
        }
        .flatten
        .sortBy(_._2.worker)
      release(outcomes)
      refuse(results.flatMap(_._2.failure))
      if (!results.exists(_._2.images > 0)) members.checkLosses()
      else {
        val there = results.map(_._2)
        pending = Some(Pending(results, pieces, None))
        round = Some(Round(there, (0 until workers).diff(there.map(_.worker))))
      }
    }
    round.get
  }

  /** Gives workers their turns at hosts. */
  private def turns(
      crew: Seq[Member],
      weights: Weights,
      pieces: Pieces,
      duration: Duration
  ): Seq[(Member, Outcome)] = {
    val now = current
    val staying = crew.filterNot(members.isLeaving)
    val hosts = placement.of(workers, if (staying.isEmpty) crew else staying)
    val moved = momentum.moved(crew, hosts, now.rounds)
    placement.used(hosts)
    val handed = momentum.published()
    try {
      val own = (0 until workers).groupBy(hosts(_).id).map { case (host, own) =>
        host -> own.map { worker =>
          val from = handed.get(worker).map(_.vector).orElse(moved.get(worker))
          Turn(worker, now.positions(worker), from)
        }
      }
      val orders = crew.map { host =>
        val turns = own.getOrElse(host.id, Nil)
        val each = duration.shared(turns.length)
        host -> Train(weights, pieces, now.rounds, now.iteration, rate, each, turns)
      }
      members.carryOut(orders, duration.patience) {
        case Trained(results) => results.exists(_.failure.nonEmpty)
        case _                => false
      }
    } finally {
      handed.values.toSet[Publication].foreach(_.withdraw())
      if (moved.nonEmpty) momentum.forget()
    }
  }

  /** Makes the mean of the workers that are still there the current weights.
    *
    * @return
    *   what the workers did that are in it; none: all hosts were lost, and the weights are as before
    */
  def average(): Seq[WorkerResult] = {
    val round = pending.get
    val took = round.mean match {
      case Some((mean, results)) =>
        pending = None // adopting would free the mean
        try adopt(current.after(results))(_.floats.put(mean.floats))
        finally mean.close()
        results
      case None =>
        meanOf(round).fold(Seq.empty[WorkerResult]) { case (weights, results) =>
          exchange.advance(weights, current.after(results))
          results
        }
    }
    drop()
    if (took.isEmpty) say("all hosts of the round were lost; the weights are those before it")
    else {
      momentum.takeOver(Map.empty)
      images = Vector.tabulate(workers)(w => took.filter(_.worker == w).map(_.images).sum)
    }
    took
  }

  /** A round's mean, and the results that are in it with what it took their hosts. */
  private def meanOf(round: Pending): Option[(Weights, Seq[WorkerResult])] = {
    val before = members.seconds
    exchange.mean(round.results, round.layout).map { case (weights, took) =>
      val spent = members.seconds.map { case (id, all) => id -> (all - before.getOrElse(id, 0.0)) }
      val hosts = round.results.map { case (host, result) => result.worker -> host }.toMap
      val timed = took.map { result =>
        val more = spent.getOrElse(hosts(result.worker), 0.0)
        val seconds = result.seconds
        result.copy(seconds = seconds.copy(exchange = seconds.exchange + more))
      }
      (weights, timed)
    }
  }

  /** Has the current weights tested on each worker's test items. */
  def test(): Seq[TestResult] = {
    var results = Vector.empty[TestResult]
    while (results.length < workers) {
      val crew = assembled()
      val weights = exchange.ready(crew)
      val hosts = placement.of(workers, crew)
      val missing = (0 until workers).diff(results.map(_.worker))
      val orders = missing.groupBy(hosts).toSeq.map { case (host, own) =>
        host -> Test(weights, own.sorted)
      }
      val outcomes = members.carryOut(orders) {
        case Tested(own) => own.exists(_.failure.nonEmpty)
        case _           => false
      }
      outcomes.foreach {
        case (host, Tested(own)) =>
          host.version = weights.version
          results ++= own
        case _ => ()
      }
      release(outcomes)
      refuse(results.flatMap(_.failure))
      if (results.length < workers) members.checkLosses()
    }
    results.sortBy(_.worker)
  }

  /** The mean of momentum over workers, weighted by their images in the last mean.
    *
    * @param chosen
    *   which of those there are go into it
    * @return
    *   None: there is none
    */
  def meanMomentum(
      chosen: Seq[ExportedMomentum] => Seq[ExportedMomentum]
  ): Option[FloatMemory] =
    try momentum.mean(images)(chosen)
    finally exchange.forgetShown() // hosts take the weights back to have room for it

  /** The momentum of each worker that has gathered it in all rounds, one at a time. */
  def eachMomentum(use: (Int, FloatMemory) => Unit): Unit = momentum.each(current.rounds)(use)

  /** Sends all hosts away; what they have of a run is kept on the driver. A round that is not averaged
    * cannot outlive them: its mean is computed now and set aside.
    */
  def dismiss(): Unit = {
    if (members.idle.nonEmpty) {
      exchange.weights()
      pending = pending.map { round =>
        if (round.mean.nonEmpty) round
        else
          round.copy(mean = for {
            (weights, results) <- meanOf(round)
            values <- exchange.setAside(weights)
          } yield (values, results))
      }
    }
    members.dismiss()
    exchange.forgetShown()
  }

  private def assembled(): Seq[Member] = {
    if (members.shouldStepAside) dismiss()
    members.assembled()
  }

  /** Sends hosts away whose tasks have to fail, and those whose executors are to go and who had no turn,
    * once what they alone have is kept.
    */
  private def release(outcomes: Seq[(Member, Outcome)]): Unit = {
    val going = outcomes.collect {
      case (host, Broken(has, _)) =>
        host.version = has
        host
      case (host, Trained(Nil)) if members.isLeaving(host) => host
    }
    if (going.nonEmpty) {
      if (exchange.onlyWith(going)) exchange.weights()
      going.foreach(members.dismiss)
    }
  }

  private def refuse(failures: Seq[Failure]): Unit =
    failures.headOption.foreach(failure => throw new TrainingException(failure))
}

private[train] object Coordinator {

  /** A round that is trained and not averaged.
    *
    * @param results
    *   with the hosts that have them
    * @param mean
    *   what it comes to, if that had to be computed before it was asked for
    */
  private final case class Pending(
      results: Seq[(Long, WorkerResult)],
      layout: Pieces,
      mean: Option[(FloatMemory, Seq[WorkerResult])]
  )
}

/** What came of a round's training.
  *
  * @param lost
  *   workers whose hosts were lost
  */
private[train] final case class Round(results: Seq[WorkerResult], lost: Seq[Int])
