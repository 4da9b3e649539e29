package sparknet.train

import sparknet.jna.{CaffeException, FloatMemory, Status}

/** Where a run is.
  *
  * @param rounds
  *   whose mean has become the weights
  * @param iteration
  *   the solver's counter
  * @param positions
  *   for each worker the items that it has seen
  */
private[train] final case class Progress(rounds: Int, iteration: Int, positions: Vector[Long]) {

  /** After a round with these workers' parts in its mean: the counter moves by their mean of steps. */
  def after(took: Seq[WorkerResult]): Progress = {
    val steps = math.max(1L, math.round(took.map(_.steps.toDouble).sum / took.length)).toInt
    val seen = took.map(result => result.worker -> result.position).toMap
    val next = positions.indices.map(w => seen.getOrElse(w, positions(w)))
    Progress(rounds + 1, iteration + steps, next.toVector)
  }
}

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

  private val floats = copy.count
  private var progress = Progress(0, 0, Vector.fill(workers)(0L))
  private var version = 0L // of the current weights
  private var versions = 0L // the last one given
  private var layout = cut(floats, 1)
  private var shown = Map.empty[Int, (Long, Published)] // pieces of the current weights, and hosts
  private var pending = Option.empty[Pending]
  private var takeOver = Map.empty[Int, FloatMemory] // momentum, in the next round
  private val placement = new Placement
  private var images = Vector.fill(workers)(0L)

  def current: Progress = progress

  /** Images of each worker that are in the last mean. */
  def lastImages: Vector[Long] = images

  def isPending: Boolean = pending.nonEmpty

  /** Where each worker's items lie, if that is known. */
  def place(homes: IndexedSeq[Option[String]]): Unit = placement.homes = homes

  /** Makes other weights the current ones; a round that is not averaged yet is dropped.
    *
    * @param momentum
    *   that workers take over; none: they keep theirs
    * @param fill
    *   writes the weights over the current ones
    */
  def adopt(next: Progress, momentum: Map[Int, FloatMemory] = Map.empty)(
      fill: FloatMemory => Unit
  ): Unit = {
    fetchCopy()
    drop()
    versions += 1
    copy.set(versions, next)(fill)
    version = versions
    progress = next
    shown = Map.empty
    setMomentum(momentum)
  }

  /** Forgets a round that is not averaged. */
  def drop(): Unit = {
    pending.flatMap(_.mean).foreach(_._1.close())
    pending = None
  }

  /** The current weights, in memory of the driver's that the next call changes. */
  def weights(): FloatMemory = {
    fetchCopy()
    copy.values
  }

  /** Goes on from a checkpoint. */
  def resume(from: Checkpoint): Unit = {
    adopt(from.progress, from.momentum)(_.floats.put(from.weights.floats))
    images = from.images
  }

  /** Brings the weights to the hosts. */
  def send(): Unit = {
    ready(assembled())
    ()
  }

  /** Has each worker train from the current weights, and waits for those that do not get lost. */
  def train(duration: Duration): Round = {
    var round = Option.empty[Round]
    while (round.isEmpty) {
      val crew = assembled()
      val weights = ready(crew)
      val pieces = cut(floats, crew.length)
      val hosts = placement.of(workers, crew)
      val moved = movedMomentum(crew, hosts)
      placement.used(hosts)
      val given = publishedMomentum()
      val outcomes =
        try {
          val turns = (0 until workers).groupBy(hosts(_).id).map { case (host, own) =>
            host -> own.map { worker =>
              val momentum = given.get(worker).map(_.vector).orElse(moved.get(worker))
              Turn(worker, progress.positions(worker), momentum)
            }
          }
          val orders = crew.map { host =>
            val own = turns.getOrElse(host.id, Nil)
            host -> Train(weights, pieces, progress.rounds, progress.iteration, duration, own)
          }
          members.carryOut(orders, patience(duration)) {
            case Trained(results) => results.exists(_.failure.nonEmpty)
            case _                => false
          }
        } finally {
          given.values.toSet[Publication].foreach(_.withdraw())
          if (moved.nonEmpty) members.idle.foreach(members.tell(_, Forget))
        }
      refuseFailed(outcomes)
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
        try adopt(progress.after(results))(_.floats.put(mean.floats))
        finally mean.close()
        results
      case None =>
        mean(round).fold(Seq.empty[WorkerResult]) { case (weights, results) =>
          version = weights.version
          layout = weights.pieces
          keepShown(weights)
          progress = progress.after(results)
          if (copy.isDue) fetchCopy()
          results
        }
    }
    drop()
    if (took.isEmpty) say("all hosts of the round were lost; the weights are those before it")
    else {
      setMomentum(Map.empty)
      images = Vector.tabulate(workers)(w => took.filter(_.worker == w).map(_.images).sum)
    }
    took
  }

  /** Has the current weights tested on each worker's test items. */
  def test(): Seq[TestResult] = {
    var results = Vector.empty[TestResult]
    while (results.length < workers) {
      val crew = assembled()
      val weights = ready(crew)
      val hosts = placement.of(workers, crew)
      val missing = (0 until workers).diff(results.map(_.worker))
      val orders = missing.groupBy(hosts).toSeq.map { case (host, own) =>
        host -> Test(weights, own.sorted)
      }
      val outcomes = members.carryOut(orders) {
        case Tested(own) => own.exists(_.failure.nonEmpty)
        case _           => false
      }
      refuseFailed(outcomes)
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
  ): Option[FloatMemory] = {
    val wanted = (0 until workers).filter(images(_) > 0)
    if (takeOver.nonEmpty) meanTakenOver()
    else if (wanted.isEmpty) None
    else
      exported(wanted) { (there, layout) =>
        val used = chosen(there)
        if (used.isEmpty) None
        else {
          val terms = used.map(m => Term(m.vector, images(m.worker)))
          val hosts = members.idle
          val dealt = hosts.zip(layout.dealt(hosts.length)).toMap
          val vectors = members.carryOut(
            hosts.map(host => host -> Reduce(None, terms, dealt(host), alone = false))
          )(_ => false)
          val sources =
            for ((host, Shown(vector)) <- vectors; piece <- dealt(host))
              yield piece -> vector
          Some(fetched(sources.toMap, layout))
        }
      }
  }

  /** Of momentum that no worker has yet; all weigh the same where none has trained. */
  private def meanTakenOver(): Option[FloatMemory] = {
    val published = publishedMomentum()
    try {
      val terms = takeOver.toSeq.sortBy(_._1).map { case (worker, _) =>
        Term(published(worker).vector, math.max(1L, images(worker)))
      }
      val mean = new FloatMemory(historyCount)
      new AllReduce(
        copy.memory,
        name => published.values.find(_.vector.name == name).map(_.values),
        () => false
      ).reduce(terms, terms.head.vector.pieces.all, mean, 0)
      Some(mean)
    } finally published.values.toSet[Publication].foreach(_.withdraw())
  }

  /** The momentum of each worker that has gathered it in all rounds, one at a time. */
  def eachMomentum(use: (Int, FloatMemory) => Unit): Unit =
    if (takeOver.nonEmpty) takeOver.toSeq.sortBy(_._1).foreach(use.tupled)
    else if (progress.rounds > 0)
      // One at a time: all of a host's at once may be more than it can publish.
      for (worker <- 0 until workers)
        exported(Seq(worker)) { (there, layout) =>
          for (momentum <- there if momentum.whole && momentum.round == progress.rounds - 1) {
            val values = fetched(layout.all.map(_ -> momentum.vector).toMap, layout)
            try use(worker, values)
            finally values.close()
          }
        }

  /** Sends all hosts away; what they have of a run is kept on the driver. A round that is not averaged
    * cannot outlive them: its mean is computed now and set aside.
    */
  def dismiss(): Unit = {
    if (members.idle.nonEmpty) {
      fetchCopy()
      pending = pending.map(round => if (round.mean.isEmpty) setAside(round) else round)
    }
    members.dismiss()
    shown = Map.empty
  }

  /** Fetches the mean of a round, which leaves the current weights as they are; if all of its hosts get
    * lost meanwhile there is none.
    */
  private def setAside(round: Pending): Pending = mean(round).fold(round) {
    case (weights, results) =>
      val (before, layoutBefore) = (version, layout)
      version = weights.version
      layout = weights.pieces
      keepShown(weights)
      try {
        var values = Option.empty[FloatMemory]
        var attempts = 0
        while (values.isEmpty && members.idle.exists(_.version == version)) {
          values = fetchedWeights()
          attempts += 1
          if (attempts > Coordinator.attempts) unreachable()
        }
        values.fold(round)(found => round.copy(mean = Some((found, results))))
      } finally {
        version = before
        layout = layoutBefore
        shown = Map.empty
      }
  }

  private def assembled(): Seq[Member] = {
    if (members.shouldStepAside) dismiss()
    members.assembled()
  }

  /** What hosts that lack the current weights are told of them. */
  private def ready(crew: Seq[Member]): Weights = {
    var weights = Option.empty[Weights]
    var attempts = 0
    while (weights.isEmpty) {
      attempts += 1
      if (copy.version != version && !members.idle.exists(_.version == version)) goBack()
      val nowhere = !crew.exists(_.version == version)
      if (nowhere && !cut(floats, crew.length).everywhere) scatter(crew)
      if (crew.forall(_.version == version)) weights = Some(Weights(version, layout, Nil))
      else {
        val found = sources() // not all, if who had them has just been lost
        if (found.size == layout.count)
          weights = Some(Weights(version, layout, layout.all.map(found)))
        else if (attempts > Coordinator.attempts) unreachable()
      }
    }
    weights.get
  }

  /** Sends the driver's copy to many at the cost of one: each gets some pieces, and the others from
    * those who got them.
    */
  private def scatter(crew: Seq[Member]): Unit = {
    layout = cut(floats, crew.length)
    for (weights <- reduced(crew, Seq(Term(copy.published(layout), 1)), layout)) {
      version = weights.version
      copy.version = version
      copy.withdraw()
      keepShown(weights)
    }
  }

  /** Notes which hosts have published which pieces of the current weights. */
  private def keepShown(weights: Weights): Unit = {
    val crew = members.idle
    val alone = weights.sources.distinct.length == 1
    shown =
      if (alone && !weights.pieces.everywhere || weights.sources.exists(_.halves)) Map.empty
      else
        (for {
          piece <- weights.pieces.all
          source = weights.sources(piece)
          host <- crew.find(host => source.name.startsWith(Host.prefix(host.id)))
        } yield piece -> (host.id -> source)).toMap
  }

  /** Who has which piece of the current weights: hosts, or else the driver. */
  private def sources(): Map[Int, Published] = {
    val crew = members.idle.filter(_.version == version)
    shown = shown.filter { case (_, (host, _)) => crew.exists(_.id == host) }
    val missing = layout.all.filterNot(shown.contains)
    if (missing.nonEmpty && copy.version == version) {
      val own = copy.published(layout)
      missing.map(_ -> own).toMap ++ shown.map { case (p, (_, source)) => p -> source }
    } else {
      if (missing.nonEmpty) {
        val dealt = missing.zipWithIndex.groupBy(_._2 % math.max(1, crew.length))
        val orders = crew.zipWithIndex.flatMap { case (host, i) =>
          dealt.get(i).map(some => host -> Publish(version, layout, some.map(_._1)))
        }
        for ((host, Shown(vector)) <- members.carryOut(orders)(_ => false))
          orders
            .find(_._1 == host)
            .foreach(_._2.pieces.foreach { piece =>
              shown += piece -> (host.id -> vector)
            })
      }
      shown.map { case (piece, (_, source)) => piece -> source }
    }
  }

  /** The current weights of hosts, if they are all there. */
  private def fetchedWeights(): Option[FloatMemory] = {
    val found = sources()
    if (found.size < layout.count) None
    else {
      val values = new FloatMemory(floats)
      try {
        copy.gather(layout.all.map(p => (found(p), p)), values)
        Some(values)
      } catch {
        case missing: MissingPiece =>
          values.close()
          members.settle(missing.getMessage)
          shown = Map.empty
          None
      }
    }
  }

  /** Makes the driver's copy that of the current weights. */
  private def fetchCopy(): Unit = {
    var attempts = 0
    while (copy.version != version) {
      attempts += 1
      if (!members.idle.exists(_.version == version)) goBack()
      else
        try {
          val found = sources()
          if (found.size == layout.count)
            copy.fetch(version, progress, layout.all.map(p => (found(p), p)))
        } catch {
          case missing: MissingPiece =>
            members.settle(missing.getMessage)
            shown = Map.empty
        }
      if (attempts > Coordinator.attempts) unreachable()
    }
  }

  /** Sends hosts away whose tasks have to fail, once what they alone have is kept. */
  private def release(outcomes: Seq[(Member, Outcome)]): Unit = {
    val broken = outcomes.collect { case (host, Broken(has)) =>
      host.version = has
      host
    }
    if (broken.nonEmpty && !members.idle.exists(h => h.version == version && !broken.contains(h)))
      fetchCopy()
    broken.foreach(members.dismiss)
  }

  /** When nobody has the current weights any more. */
  private def goBack(): Unit = {
    say(
      s"all hosts were lost: going on from iteration ${copy.progress.iteration}, of which the " +
        s"driver has a copy, instead of ${progress.iteration}"
    )
    progress = copy.progress
    version = copy.version
    shown = Map.empty
  }

  /** The mean of a round's workers that are still there, brought to all hosts. */
  private def mean(round: Pending): Option[(Weights, Seq[WorkerResult])] = {
    var attempts = 0
    while (true) {
      // A mean of differences is of use to those only who have what they differ from.
      val halves = round.results.exists(_._2.vector.exists(_.halves))
      val crew = members.idle.filter(host => !halves || host.version == version)
      val present = round.results.collect {
        case (host, result) if result.vector.nonEmpty && crew.exists(_.id == host) => result
      }
      if (present.isEmpty) return None
      val terms = present.map(result => Term(result.vector.get, result.images))
      for (weights <- reduced(crew, terms, round.layout)) return Some((weights, present))
      attempts += 1
      if (attempts > Coordinator.attempts) unreachable()
    }
    None
  }

  /** Has the mean of some vectors computed as the weights of all hosts; None: not all came through. */
  private def reduced(crew: Seq[Member], terms: Seq[Term], layout: Pieces): Option[Weights] = {
    versions += 1
    val next = versions
    if (!terms.head.vector.halves) crew.foreach(_.version = -1) // the old ones are overwritten
    val dealt = crew.zip(layout.dealt(crew.length)).toMap
    val alone = crew.length == 1
    val orders = crew.map(host => host -> Reduce(Some(next), terms, dealt(host), alone))
    val reduced = members.carryOut(orders)(_ => false)
    refuseFailed(reduced)
    val vectors = reduced.collect { case (host, Shown(vector)) => host -> vector }
    if (vectors.length < crew.length) None
    else {
      val sources = vectors.flatMap { case (host, vector) => dealt(host).map(_ -> vector) }.toMap
      val weights = Weights(next, layout, layout.all.map(sources))
      val whole =
        if (layout.everywhere || crew.length == 1) crew
        else
          members.carryOut(crew.map(_ -> Gather(weights)))(_ => false).collect {
            case (host, Done) =>
              host
          }
      if (whole.length < crew.length) None
      else {
        crew.foreach(_.version = next)
        Some(weights)
      }
    }
  }

  /** Momentum of workers that train on another executor than before. */
  private def movedMomentum(
      crew: Seq[Member],
      hosts: Int => Member
  ): Map[Int, Published] = {
    val moves = for {
      worker <- 0 until workers if !takeOver.contains(worker)
      before <- placement.executorOf(worker) if before != hosts(worker).executor
      from <- crew.find(_.executor == before)
    } yield worker -> from
    if (moves.isEmpty) Map.empty
    else {
      val pieces = cut(historyCount, crew.length)
      val orders = moves.groupBy(_._2).toSeq.map { case (from, own) =>
        from -> Export(own.map(_._1), pieces)
      }
      val outcomes = members.carryOut(orders)(_ => false)
      refuseFailed(outcomes)
      val given = outcomes
        .collect { case (_, Exported(own)) => own }
        .flatten
        .filter(m => m.whole && m.round == progress.rounds - 1)
        .map(m => m.worker -> m.vector)
        .toMap
      if (given.isEmpty) members.idle.foreach(members.tell(_, Forget))
      given
    }
  }

  /** What some workers have of momentum, which their hosts publish meanwhile. */
  private def exported[T](wanted: Seq[Int])(use: (Seq[ExportedMomentum], Pieces) => T): T = {
    val crew = assembled()
    ready(crew)
    val pieces = cut(historyCount, crew.length)
    try {
      val holders = for {
        worker <- wanted
        executor <- placement.executorOf(worker)
        host <- crew.find(_.executor == executor)
      } yield worker -> host
      val orders = holders.groupBy(_._2).toSeq.map { case (host, own) =>
        host -> Export(own.map(_._1), pieces)
      }
      val outcomes = members.carryOut(orders)(_ => false)
      refuseFailed(outcomes)
      use(outcomes.collect { case (_, Exported(own)) => own }.flatten.sortBy(_.worker), pieces)
    } finally members.idle.foreach(members.tell(_, Forget))
  }

  private def fetched(sources: Map[Int, Published], layout: Pieces): FloatMemory = {
    if (sources.size < layout.count)
      throw new CaffeException(Status.IO, "a host was lost while momentum was fetched: try again")
    val values = new FloatMemory(layout.floats)
    try copy.gather(layout.all.map(p => (sources(p), p)), values)
    catch {
      case missing: MissingPiece => throw new CaffeException(Status.IO, missing.getMessage, missing)
    }
    values
  }

  private def setMomentum(momentum: Map[Int, FloatMemory]): Unit = {
    takeOver.values.toSet[FloatMemory].foreach(_.close())
    takeOver = momentum
  }

  /** What workers are to take over; workers that take the same get the same. */
  private def publishedMomentum(): Map[Int, Publication] = {
    val published = takeOver.values
      .toSet[FloatMemory]
      .map { values =>
        values -> copy.publish(values, cut(historyCount, 1))
      }
      .toMap
    takeOver.map { case (worker, values) => worker -> published(values) }
  }

  private def unreachable(): Nothing = throw new CaffeException(
    Status.IO,
    s"executors cannot fetch weights from each other: ${members.lastMissing}"
  )

  private def refuse(failures: Seq[Failure]): Unit =
    failures.headOption.foreach(failure => throw new TrainingException(failure))

  private def refuseFailed(outcomes: Seq[(Member, Outcome)]): Unit =
    refuse(outcomes.collect { case (_, Failed(failure)) => failure })

  /** Seconds after which those who still train have no part in the round. */
  private def patience(duration: Duration): Double =
    if (duration.seconds.isInfinite) Double.PositiveInfinity
    else math.max(2 * duration.seconds, duration.seconds + 2)
}

private[train] object Coordinator {
  private val attempts = 10

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
