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

/** The weights of a run: which are the current ones, which hosts have them, and how they get from one to
  * others. The driver has a copy, made now and then.
  *
  * @param copy
  *   of the driver's
  * @param say
  *   tells the user
  * @param cut
  *   cuts so many floats for so many hosts
  */
private[train] final class WeightsExchange(
    members: Members,
    copy: WeightsCopy,
    say: String => Unit,
    cut: (Int, Int) => Pieces
) {
  import WeightsExchange._

  private val floats = copy.count
  private var at = Progress(0, 0, Vector.empty)
  private var version = 0L // of the current weights
  private var versions = 0L // the last one given
  private var layout = cut(floats, 1)
  private var shown = Map.empty[Int, (Long, Published)] // pieces of the current weights, and hosts

  members.meanwhile = () => {
    try copy.advance(0)
    catch { case _: MissingPiece => () } // a later one will be whole
    copy.isUnderWay
  }

  /** Where the run is with the current weights. */
  def progress: Progress = at

  /** How a round's vectors are cut. */
  def cutFor(hosts: Int): Pieces = cut(floats, hosts)

  /** Makes other weights the current ones: those that `fill` makes of the current ones. */
  def adopt(next: Progress)(fill: FloatMemory => Unit): Unit = {
    fetchCopy()
    versions += 1
    copy.set(versions, next)(fill)
    version = versions
    at = next
    shown = Map.empty
  }

  /** Makes a mean that all hosts have the current weights. */
  def advance(weights: Weights, next: Progress): Unit = {
    version = weights.version
    layout = weights.pieces
    keepShown(weights)
    at = next
    if (copy.isDue) beginCopy()
  }

  /** The current weights, in memory of the driver's that the next call changes. */
  def weights(): FloatMemory = {
    fetchCopy()
    copy.values
  }

  /** Fetches a mean that all hosts have, which leaves the current weights as they are; None: all hosts
    * have got lost meanwhile.
    */
  def setAside(weights: Weights): Option[FloatMemory] = {
    val (before, layoutBefore) = (version, layout)
    version = weights.version
    layout = weights.pieces
    keepShown(weights)
    try {
      val values = new FloatMemory(floats)
      var whole = false
      var tries = 0
      while (!whole && members.idle.exists(_.version == version)) {
        whole = fetched(copy.gather(_, values))
        tries += 1
        if (tries > Members.attempts) unreachable()
      }
      if (whole) Some(values)
      else {
        values.close()
        None
      }
    } finally {
      version = before
      layout = layoutBefore
      shown = Map.empty
    }
  }

  /** After hosts have taken back what they had published, or have been sent away. */
  def forgetShown(): Unit = shown = Map.empty

  /** Whether the driver alone has the current weights once these hosts are gone. */
  def onlyWith(hosts: Seq[Member]): Boolean =
    !members.idle.exists(host => host.version == version && !hosts.contains(host))

  /** What hosts that lack the current weights are told of them. */
  def ready(crew: Seq[Member]): Weights = {
    var weights = Option.empty[Weights]
    var attempts = 0
    while (weights.isEmpty) {
      attempts += 1
      if (copy.version != version && !members.idle.exists(_.version == version)) {
        finishCopy()
        if (copy.version != version) goBack()
      }
      val nowhere = !crew.exists(_.version == version)
      if (nowhere && !cut(floats, crew.length).everywhere) scatter(crew)
      if (crew.forall(_.version == version)) weights = Some(Weights(version, layout, Nil))
      else {
        val found = sources() // not all, if who had them has just been lost
        if (found.size == layout.count)
          weights = Some(Weights(version, layout, layout.all.map(found)))
        else if (attempts > Members.attempts) unreachable()
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
          host <- crew.find(_.has(source))
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

  /** Has the current weights fetched from hosts, piece by piece; false: they are not all there. */
  private def fetched(fetch: Seq[(Published, Int)] => Unit): Boolean = {
    val found = sources()
    found.size == layout.count && {
      try {
        fetch(layout.all.map(p => (found(p), p)))
        true
      } catch {
        case missing: MissingPiece =>
          members.settle(missing.getMessage)
          shown = Map.empty
          false
      }
    }
  }

  /** Makes the driver's copy that of the current weights. */
  private def fetchCopy(): Unit = {
    finishCopy()
    var attempts = 0
    while (copy.version != version) {
      attempts += 1
      if (!members.idle.exists(_.version == version)) goBack()
      else
        fetched { pieces =>
          copy.begin(version, at, pieces)
          while (copy.isUnderWay) copy.advance(pollMillis)
        }
      if (attempts > Members.attempts) unreachable()
    }
  }

  /** Begins to do so, for the time in which others are waited for: hosts have these weights, and show
    * what they have shown of them, until the next mean is computed.
    */
  private def beginCopy(): Unit = {
    val found = sources()
    if (found.size == layout.count)
      try copy.begin(version, at, layout.all.map(p => (found(p), p)))
      catch { case _: MissingPiece => shown = Map.empty }
  }

  /** Waits for what has been begun, before it is taken back; not for hosts that do not answer. */
  private def finishCopy(): Unit =
    try {
      def there = copy.from.forall(source => members.idle.exists(_.has(source)))
      while (copy.isUnderWay && there) copy.advance(pollMillis)
      copy.drop()
    } catch { case _: MissingPiece => shown = Map.empty }

  /** When nobody has the current weights any more. */
  private def goBack(): Unit = {
    copy.drop()
    say(
      s"all hosts were lost: going on from iteration ${copy.progress.iteration}, of which the " +
        s"driver has a copy, instead of ${at.iteration}"
    )
    at = copy.progress
    version = copy.version
    shown = Map.empty
  }

  /** The mean of a round's workers that are still there, brought to all hosts. */
  def mean(
      trained: Seq[(Long, WorkerResult)],
      layout: Pieces
  ): Option[(Weights, Seq[WorkerResult])] = {
    var attempts = 0
    while (true) {
      // A mean of differences is of use to those only who have what they differ from.
      val halves = trained.exists(_._2.vector.exists(_.halves))
      val crew = members.idle.filter(host => !halves || host.version == version)
      val present = trained.collect {
        case (host, result) if result.vector.nonEmpty && crew.exists(_.id == host) => result
      }
      if (present.isEmpty) return None
      val terms = present.map(result => Term(result.vector.get, result.images))
      val weights = reduced(crew, terms, layout)
      if (weights.nonEmpty) return weights.map((_, present))
      attempts += 1
      if (attempts > Members.attempts) unreachable()
    }
    None
  }

  /** Has the mean of some vectors computed as the weights of all hosts; None: not all came through. */
  private def reduced(crew: Seq[Member], terms: Seq[Term], layout: Pieces): Option[Weights] = {
    finishCopy()
    versions += 1
    val next = versions
    if (!terms.head.vector.halves) crew.foreach(_.version = -1) // the old ones are overwritten
    val dealt = crew.zip(layout.dealt(crew.length)).toMap
    val alone = crew.length == 1
    val orders = crew.map(host => host -> Reduce(Some(next), terms, dealt(host), alone))
    val reduced = members.carryOut(orders)(_ => false)
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

  private def unreachable(): Nothing = throw new CaffeException(
    Status.IO,
    s"executors cannot fetch weights from each other: ${members.lastMissing}"
  )
}

private object WeightsExchange {
  private val pollMillis = 50L
}
