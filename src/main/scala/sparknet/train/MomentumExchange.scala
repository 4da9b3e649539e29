package sparknet.train

import sparknet.jna.{CaffeException, FloatMemory, Status}

/** The momentum of workers, where it is wanted elsewhere than in their nets: in snapshots and checkpoints,
  * on the executor that a worker moves to, or in the next round after a restore.
  *
  * @param count
  *   of a worker's values
  * @param assembled
  *   hosts that know the current weights
  */
private[train] final class MomentumExchange(
    workers: Int,
    count: Int,
    members: Members,
    copy: WeightsCopy,
    placement: Placement,
    cut: (Int, Int) => Pieces,
    assembled: () => Seq[Member]
) {
  private var handed = Map.empty[Int, FloatMemory] // that workers take over in the next round

  /** The mean of momentum over workers, weighted by their images.
    *
    * @param chosen
    *   which of those there are go into it
    * @return
    *   None: there is none
    */
  def mean(
      images: IndexedSeq[Long]
  )(chosen: Seq[ExportedMomentum] => Seq[ExportedMomentum]): Option[FloatMemory] = {
    val wanted = images.indices.filter(images(_) > 0)
    if (handed.nonEmpty) meanTakenOver(images)
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
  private def meanTakenOver(images: IndexedSeq[Long]): Option[FloatMemory] = {
    val shown = published()
    try {
      val terms = handed.toSeq.sortBy(_._1).map { case (worker, _) =>
        Term(shown(worker).vector, math.max(1L, images(worker)))
      }
      val mean = new FloatMemory(count)
      new AllReduce(
        copy.memory,
        name => shown.values.find(_.vector.name == name).flatMap(_.held),
        () => false
      ).reduce(terms, terms.head.vector.pieces.all, mean)
      Some(mean)
    } finally shown.values.toSet[Publication].foreach(_.withdraw())
  }

  /** The momentum of each worker that has gathered it in all rounds, one at a time. */
  def each(rounds: Int)(use: (Int, FloatMemory) => Unit): Unit =
    if (handed.nonEmpty) handed.toSeq.sortBy(_._1).foreach(use.tupled)
    else if (rounds > 0)
      // One at a time: all of a host's at once may be more than it can publish.
      for (worker <- 0 until workers)
        exported(Seq(worker)) { (there, layout) =>
          for (momentum <- there if momentum.whole && momentum.round == rounds - 1) {
            val values = fetched(layout.all.map(_ -> momentum.vector).toMap, layout)
            try use(worker, values)
            finally values.close()
          }
        }

  /** Momentum of workers that train on another executor than before. */
  def moved(
      crew: Seq[Member],
      hosts: IndexedSeq[Member],
      rounds: Int
  ): Map[Int, Published] = {
    val moves = for {
      worker <- 0 until workers if !handed.contains(worker)
      before <- placement.executorOf(worker) if before != hosts(worker).executor
      from <- holder(crew, before)
    } yield worker -> from
    if (moves.isEmpty) Map.empty
    else {
      val pieces = cut(count, crew.length)
      val orders = moves.groupBy(_._2).toSeq.map { case (from, own) =>
        from -> Export(own.map(_._1), pieces)
      }
      val outcomes = members.carryOut(orders)(_ => false)
      val handed = outcomes
        .collect { case (_, Exported(own)) => own }
        .flatten
        .filter(m => m.whole && m.round >= rounds - 1) // a round that was dropped counts, too
        .map(m => m.worker -> m.vector)
        .toMap
      if (handed.isEmpty) forget()
      handed
    }
  }

  /** Has all take back what they have published of momentum. */
  def forget(): Unit = members.everyone.foreach(members.tell(_, Forget))

  /** Who tells of the nets in an executor. */
  private def holder(crew: Seq[Member], executor: String): Option[Member] =
    crew.find(_.executor == executor).orElse(members.departedFrom(executor))

  /** What some workers have of momentum, which their hosts publish meanwhile. Begins anew, without them,
    * if some get lost.
    */
  private def exported[T](wanted: Seq[Int])(use: (Seq[ExportedMomentum], Pieces) => T): T = {
    var result = Option.empty[T]
    var attempts = 0
    while (result.isEmpty)
      try result = Some(exportedOnce(wanted)(use))
      catch {
        case missing: MissingPiece =>
          attempts += 1
          if (attempts > Members.attempts)
            throw new CaffeException(
              Status.IO,
              s"momentum cannot be fetched from executors: ${missing.getMessage}",
              missing
            )
          members.settle(missing.getMessage)
      }
    result.get
  }

  private def exportedOnce[T](
      wanted: Seq[Int]
  )(use: (Seq[ExportedMomentum], Pieces) => T): T = {
    val crew = assembled()
    val pieces = cut(count, crew.length)
    try {
      val holders = for {
        worker <- wanted
        executor <- placement.executorOf(worker)
        host <- holder(crew, executor)
      } yield worker -> host
      val orders = holders.groupBy(_._2).toSeq.map { case (host, own) =>
        host -> Export(own.map(_._1), pieces)
      }
      val outcomes = members.carryOut(orders)(_ => false)
      use(outcomes.collect { case (_, Exported(own)) => own }.flatten.sortBy(_.worker), pieces)
    } finally forget()
  }

  private def fetched(sources: Map[Int, Published], layout: Pieces): FloatMemory = {
    if (sources.size < layout.count)
      throw new MissingPiece("a host was lost while it summed momentum")
    val values = new FloatMemory(layout.floats)
    try copy.gather(layout.all.map(p => (sources(p), p)), values)
    catch {
      case e: Throwable =>
        values.close()
        throw e
    }
    values
  }

  def takeOver(momentum: Map[Int, FloatMemory]): Unit = {
    handed.values.toSet[FloatMemory].foreach(_.close())
    handed = momentum
  }

  /** What workers are to take over; workers that take the same get the same. */
  def published(): Map[Int, Publication] = {
    val published = handed.values
      .toSet[FloatMemory]
      .map { values =>
        values -> copy.publish(values, cut(count, 1))
      }
      .toMap
    handed.map { case (worker, values) => worker -> published(values) }
  }
}
