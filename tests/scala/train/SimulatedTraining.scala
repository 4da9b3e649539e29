package sparknet.train

import org.scalatest.Assertions._

import sparknet.jna.{CaffeException, FloatMemory}

/** How a schedule's training goes.
  *
  * @param floats
  *   weights of the net
  * @param cut
  *   how vectors are cut for their way
  * @param items
  *   of each worker
  * @param seconds
  *   that a round may take; infinite: as long as it does
  * @param faults
  *   seconds between two faults of the cluster, in the mean; infinite: there are none
  * @param steady
  *   whether the user does nothing but train
  */
private[train] final case class TrainingPlan(
    cluster: ClusterPlan,
    workers: Int,
    floats: Int,
    cut: (Int, Int) => Pieces,
    items: IndexedSeq[Seq[Float]],
    rounds: Int,
    seconds: Double,
    keepSeconds: Double,
    faults: Double,
    steady: Boolean
) {
  def isPoisoned: Boolean = items.flatten.exists(_ > 600)

  /** Whether workers may get lost, or momentum. */
  def isFaulty: Boolean = !faults.isInfinite || cluster.mortal || isPoisoned
}

/** A user who trains on a simulated cluster, and checks all that comes of it. What is to come of it is
  * computed from what the nets noted.
  */
private[train] final class SimulatedTraining(plan: TrainingPlan, seed: Long) {
  import SimulatedTraining._
  import plan.workers

  val time = new VirtualTime(limit = 20000, most = 200000)
  private val dice = new Dice(seed)
  private val floats = plan.floats
  val cluster = new SimulatedCluster(
    plan.cluster,
    dice.number(),
    floats,
    history,
    time,
    worker => SimulatedModel.stock(worker, plan.items(worker)),
    worker => SimulatedModel.stock(worker, plan.items(worker))
  )
  val members = new Members(cluster, time, waitSeconds = 20, retries)
  cluster.open(members)
  val copy = new WeightsCopy(floats, cluster.driver, "driver", plan.keepSeconds, time)
  val coordinator = new Coordinator(workers, history, members, copy, said, plan.cut)

  /** What the user knows of a moment, to which training may have to go back. */
  private case class State(
      progress: Progress,
      weights: Vector[Float],
      seen: Vector[Vector[Float]], // items of each worker
      last: Map[Int, TurnRecord], // turns of the last round
      takeOver: Option[Vector[Float]]
  )
  private var state = State(
    Progress(0, 0, Vector.fill(workers)(0L)),
    Vector.tabulate(floats)(i => i * 0.5f),
    Vector.fill(workers)(Vector.empty),
    Map.empty,
    None
  )
  private var earlier = List(state)
  private var wentBack = false
  private var trained = Option.empty[(Map[Int, TurnRecord], Int)]

  /** What is in the last average. */
  var averaged = Seq.empty[WorkerResult]
  var rounds = 0
  var failures = 0
  var losses = 0

  private val working = (0 until workers).filter(plan.items(_).nonEmpty)
  private def turns = cluster.model.turns

  private def said(what: String): Unit = {
    time.note(what)
    assert(plan.isFaulty && !(plan.isPoisoned && plan.faults.isInfinite), what)
    if (what.contains("going on from iteration")) {
      wentBack = true
      losses += 1
      val holders = state.last.values.map(_.host).toSet
      val there =
        cluster.tasks.filter(t => holders(t.id) && t.present && steadily(t.executor.number))
      assert(there.isEmpty, s"$what, although ${there.map(_.id)} are there")
    }
  }

  // Executors that have been killed, stopped, or had a task taken away since the last round ended.
  private var disturbed = Set.empty[Int]
  private def steadily(executor: Int) = !disturbed(executor)

  def run(): Unit = use {
    while (rounds < plan.rounds) act()
  }

  /** Starts from the first weights, does what is asked, and checks what is left in the end. */
  def use(body: => Unit): Unit =
    try {
      members.working {
        coordinator.adopt(state.progress)(_.floats.put(state.weights.toArray))
        body
        attempt(checkWeights())
        end()
      }
    } finally cluster.close()

  if (!plan.faults.isInfinite) nextFault(1)

  private def nextFault(number: Int): Unit =
    time.later(dice.between(0, 2 * plan.faults), dice.number()) {
      fault()
      if (number < most) nextFault(number + 1) else cluster.others = false
    }

  private def fault(): Unit = {
    val living = cluster.living
    def some = living(dice.upTo(living.length - 1))
    def kill(which: cluster.Executor): Unit = {
      disturbed += which.number
      if (plan.cluster.mortal) which.kill()
    }
    if (living.nonEmpty) dice.upTo(19) match {
      case 0           => living.foreach(kill)
      case n if n < 8  => kill(some)
      case n if n < 12 =>
        val which = some
        disturbed += which.number
        which.stop(dice.of(0.5, 5.0, 60.0))
      case 12 if plan.cluster.mortal =>
        val which = some
        disturbed += which.number
        which.disown(dice.of(2.0, 20.0))
      case 13 if plan.cluster.mortal =>
        living.foreach(e => disturbed += e.number)
        cluster.failSome()
      case 14 | 15 => cluster.addExecutor()
      case 16      => cluster.others = true
      case _       => cluster.others = false
    }
  }

  /** Anything that the trainer may ask of the coordinator. */
  private def act(): Unit =
    if (plan.steady) round()
    else
      dice.upTo(19) match {
        case n if n < 12 => round()
        case 12          => attempt(checkWeights())
        case 13          => attempt(test())
        case 14          => leave()
        case 15          => time.pass(dice.of(0.1, 3.0, 100.0))
        case 16          => attempt(setWeights())
        case 17          => attempt(restore())
        case 18          => attempt(momentum())
        case _           => attempt(coordinator.send())
      }

  /** What may fail because of the cluster does so without a trace. */
  private def attempt(body: => Unit): Boolean =
    try {
      body
      follow()
      true
    } catch {
      case e: TrainingException =>
        assert(plan.isPoisoned && e.getCodeName == "NUMERIC", e)
        failures += 1
        follow()
        if (failures >= 2) cluster.model.poisonous = false
        false
      case e @ (_: CaffeException | _: SimulatedFailure) if plan.isFaulty =>
        failures += 1
        assert(failures < 100, e)
        follow()
        false
    }

  /** Where all hosts were lost training may be where it was before. */
  private def follow(): Unit = {
    if (wentBack) {
      state = earlier
        .find(_.progress == coordinator.current)
        .getOrElse(fail(s"nothing was ever at ${coordinator.current}"))
        .copy(takeOver = state.takeOver)
      wentBack = false
    }
    assert(coordinator.current == state.progress)
  }

  /** A round by hand; between its halves anything may happen that may happen at any time. */
  private def round(): Unit = {
    if (train(1 + dice.upTo(2))) {
      if (dice.chance(0.1) && !plan.steady) leave()
      if (dice.chance(0.1)) time.pass(dice.between(0, 5))
      average()
    }
    rounds += 1
  }

  /** @return false: it has failed */
  def train(tau: Int): Boolean = {
    var round = Round(Nil, Nil)
    val done = attempt { round = coordinator.train(Duration(tau, plan.seconds)) }
    if (done) {
      val there = round.results.map(_.worker)
      assert(there == there.sorted.distinct && round.lost == (0 until workers).diff(there))
      if (!plan.isFaulty) assert(round.lost.isEmpty)
      val records = round.results.filter(_.images > 0).map(r => r.worker -> record(r, tau)).toMap
      assert(records.nonEmpty, "a round in which nobody trained")
      for (r <- round.results; turn <- records.get(r.worker)) checkMomentum(turn, r.fresh)
      trained = Some((records, tau))
    }
    done
  }

  /** @return workers that are in the mean */
  def average(): Seq[Int] = {
    val (records, tau) = trained.get
    var took = Seq.empty[WorkerResult]
    val done = attempt {
      took = coordinator.average()
      if (took.nonEmpty) take(records, took, tau)
    }
    if (!done && took.isEmpty) coordinator.drop()
    if (took.isEmpty) assert(plan.isFaulty)
    if (!plan.isFaulty) checkPublished(records)
    trained = None
    averaged = took
    took.map(_.worker)
  }

  /** Hosts publish weights, what their workers came to, and nothing that is of no use any more. */
  private def checkPublished(records: Map[Int, TurnRecord]): Unit = {
    val names = cluster.published.keys.map(_._2).filter(_.startsWith("sparknet-host-"))
    for ((host, own) <- names.toSeq.groupBy(_.split('-')(2).toLong)) {
      val turns = records.values.count(_.host == host)
      val vectors = own.map(name => name.take(name.lastIndexOf('-'))).toSet.size
      assert(vectors <= turns + (if (plan.cluster.halves) 2 else 1), s"host $host has $own")
    }
  }

  /** What a worker's turn noted. */
  private def record(result: WorkerResult, tau: Int): TurnRecord = {
    val host = result.vector.get.name.stripPrefix("sparknet-host-").takeWhile(_ != '-').toLong
    val found = turns.filter(t => t.host == host && t.worker == result.worker).last
    assert(found.start == state.weights, s"worker ${result.worker} started from other weights")
    assert(found.iteration == state.progress.iteration)
    assert(result.steps == tau && result.images == tau * SimulatedModel.batch)
    assert(found.items.length == result.images)
    assert(result.position == state.progress.positions(result.worker) + result.images)
    found
  }

  private def checkMomentum(turn: TurnRecord, fresh: Boolean): Unit = {
    val nothing = Vector.fill(history)(0f)
    def has = turn.momentumBefore
    lazy val known =
      turns.filter(t => (t ne turn) && t.worker == turn.worker).map(_.momentumAfter).toSet
    state.takeOver match {
      case Some(values) =>
        assert(has == values, "a worker has not taken over momentum")
      case None if state.progress.rounds == 0 => ()
      case None if fresh                      =>
        assert(has == nothing)
        val lost = !plan.isFaulty && state.last.contains(turn.worker)
        assert(!lost, s"worker ${turn.worker} lost its momentum")
      case None if !plan.isFaulty =>
        val last = state.last.get(turn.worker).fold(nothing)(_.momentumAfter)
        assert(has == last, "a worker has other momentum")
      case None => assert(known(has) || has == nothing, "momentum from nowhere")
    }
  }

  /** What the round has come to. */
  private def take(records: Map[Int, TurnRecord], took: Seq[WorkerResult], tau: Int): Unit = {
    val present = took.map(_.worker)
    assert(present == present.sorted.distinct && present.forall(records.contains))
    if (!plan.isFaulty) assert(present == working)
    val before = state.progress
    val halves = plan.cluster.halves && !plan.cut(floats, 1).everywhere
    def part(worker: Int, i: Int) =
      if (halves) halved(records(worker).end(i) - state.weights(i)) else records(worker).end(i)
    val total = took.map(_.images).sum.toDouble
    val mean = Vector.tabulate(floats) { i =>
      var sum = 0.0
      for (result <- took) sum += part(result.worker, i).toDouble * result.images
      (sum / total).toFloat
    }
    state = State(
      Progress(
        before.rounds + 1,
        before.iteration + tau, // each has done so many
        Vector.tabulate(workers)(w =>
          before
            .positions(w) + records.get(w).filter(_ => present.contains(w)).fold(0)(_.items.length)
        )
      ),
      if (halves) Vector.tabulate(floats)(i => state.weights(i) + halved(mean(i))) else mean,
      Vector.tabulate(workers)(w =>
        if (present.contains(w)) state.seen(w) ++ records(w).items else state.seen(w)
      ),
      records.filterKeys(present.contains).toMap,
      None
    )
    earlier ::= state
    assert(
      Seq.tabulate(workers)(coordinator.lastImages) ==
        Seq.tabulate(workers)(w => took.filter(_.worker == w).map(_.images).sum)
    )
    if (!wentBack) disturbed = Set.empty
  }

  def checkWeights(): Unit = {
    val values = coordinator.weights().toArray.toVector
    follow()
    assert(values == state.weights)
  }

  private def test(): Unit = {
    val before = cluster.model.tested.length
    val results = coordinator.test()
    follow()
    assert(results.map(_.worker) == (0 until workers))
    for (result <- results if result.items > 0) {
      assert(result.items == plan.items(result.worker).length)
      assert(math.abs(result.sums(0) - plan.items(result.worker).map(_.toDouble).sum) < 1e-3)
    }
    assert(cluster.model.tested.drop(before).exists(_ == state.weights))
  }

  /** As a watch does that lets others have the slots: they may have some of them for longer. */
  def leave(): Unit = {
    attempt(coordinator.dismiss())
    for (executor <- cluster.living) executor.taken = dice.chance(0.5)
    cluster.living.lastOption.foreach(_.taken = false)
  }

  private def setWeights(): Unit = {
    val values = Vector.fill(floats)(dice.between(-1, 1).toFloat)
    coordinator.adopt(coordinator.current)(_.floats.put(values.toArray))
    follow()
    state = state.copy(weights = values, takeOver = None)
    earlier ::= state
  }

  private def restore(): Unit = {
    val values = Vector.fill(floats)(dice.between(-1, 1).toFloat)
    val momentum = Vector.fill(history)(dice.between(-1, 1).toFloat)
    val all = FloatMemory.of(momentum.toArray)
    coordinator.adopt(
      coordinator.current.copy(iteration = 40),
      (0 until workers).map(_ -> all).toMap
    )(_.floats.put(values.toArray))
    follow(40)
    state = state.copy(
      progress = state.progress.copy(iteration = 40),
      weights = values,
      takeOver = Some(momentum)
    )
    earlier ::= state
  }

  /** The same after what has set the counter. */
  private def follow(iteration: Int): Unit = {
    val now = coordinator.current
    if (wentBack)
      state = earlier.find(s => s.progress.copy(iteration = iteration) == now).get
    wentBack = false
    assert(now == state.progress.copy(iteration = iteration))
  }

  /** As a snapshot asks for it. */
  private def momentum(): Unit = if (state.last.nonEmpty && state.takeOver.isEmpty) {
    var used = Seq.empty[ExportedMomentum]
    val last = state.progress.rounds - 1
    val mean = coordinator.meanMomentum { there =>
      used = there.filter(m => m.round == last && m.whole)
      used
    }
    if (!wentBack) {
      for (values <- mean) {
        val sums = new Array[Double](history)
        for (m <- used; i <- sums.indices)
          sums(i) += state.last(m.worker).momentumAfter(i).toDouble * coordinator.lastImages(
            m.worker
          )
        val total = used.map(m => coordinator.lastImages(m.worker)).sum.toDouble
        assert(values.toArray.toVector == sums.map(s => (s / total).toFloat).toVector)
        values.close()
      }
      coordinator.eachMomentum { (worker, values) =>
        for (turn <- state.last.get(worker)) assert(values.toArray.toVector == turn.momentumAfter)
      }
    }
  }

  /** Weights, and the order in which each worker saw its items. */
  def outcome: (Vector[Float], Vector[Vector[Float]]) = (state.weights, state.seen)

  private def end(): Unit = {
    for (w <- working) {
      val own = plan.items(w).sorted
      for (pass <- state.seen(w).grouped(own.length) if pass.length == own.length)
        assert(pass.sorted == own, s"worker $w saw an item twice in a pass")
    }
    coordinator.drop()
    attempt(coordinator.dismiss())
    members.close()
    copy.close()
    val latest = time.now + 2000 // after all stops
    while (time.now < latest && !cluster.tasks.forall(t => t.ended && !t.departed)) time.pass(5)
    assert(cluster.tasks.forall(_.ended), "a host has not left")
    assert(!cluster.tasks.exists(_.departed), "a host still tells of momentum")
    assert(cluster.published.isEmpty, s"still published: ${cluster.published.keys}")
    cluster.close()
    assert(cluster.model.made == cluster.model.closed, "a net was not closed")
    assert(cluster.spilled == 0, "momentum was left on disk")
  }
}

private[train] object SimulatedTraining {
  val history = 5
  val retries = 4

  /** The bfloat16 that is nearest, and of two the even one. */
  def halved(value: Float): Float = {
    val lower = java.lang.Float.floatToRawIntBits(value) & 0xffff0000
    val Seq(low, high) =
      Seq(lower, lower + 0x10000).map(java.lang.Float.intBitsToFloat)
    val (down, up) = (math.abs(value.toDouble - low), math.abs(value.toDouble - high))
    if (down < up || (down == up && (lower & 0x10000) == 0)) low else high
  }

  /** Faults in a schedule: in the end it goes well. */
  private val most = 40
}
