package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

import sparknet.jna.CaffeException

/** What happens in some single cases, in a simulated cluster. */
class CoordinatorSpec extends AnyFlatSpec {

  private def plan(workers: Int, executors: Int, slots: Int): TrainingPlan = TrainingPlan(
    ClusterPlan(
      executors,
      machines = 1000,
      slots,
      perExecutor = 1,
      slow = 0.01,
      duplicates = 0,
      mortal = true,
      deadly = 0,
      halves = false,
      late = 0,
      held = Int.MaxValue
    ),
    workers,
    floats = 12,
    cut = Pieces.of(_, _, 2, 100),
    items = (0 until workers).map(worker => Seq(1f, 2f, 3f, 4f).map(_ + worker)),
    rounds = 0,
    seconds = Double.PositiveInfinity,
    keepSeconds = 1e9,
    faults = Double.PositiveInfinity,
    steady = true
  )

  private def using(plan: TrainingPlan)(body: SimulatedTraining => Unit): Unit = {
    val training = new SimulatedTraining(plan, 1)
    training.use(body(training))
  }

  "A coordinator" should "average a round whose hosts have left meanwhile" taggedAs Unit in {
    for (hosts <- 1 to 3; halves <- Seq(false, true)) {
      val of3 = plan(3, hosts, hosts)
      using(of3.copy(cluster = of3.cluster.copy(halves = halves))) { t =>
        for (_ <- 1 to 2) {
          t.train(2)
          t.leave()
          assert(t.average() == Seq(0, 1, 2))
          t.checkWeights()
        }
        assert(t.coordinator.current.iteration == 4)
      }
    }
  }

  it should "average with hosts that have joined since the round began" taggedAs Unit in
    using(plan(3, executors = 1, slots = 3)) { t =>
      t.train(2)
      t.cluster.addExecutor()
      t.cluster.addExecutor()
      t.time.pass(10)
      assert(t.members.idle.length == 3)
      assert(t.average() == Seq(0, 1, 2))
      t.checkWeights()
    }

  it should "know what an average took each host, whenever it was made" taggedAs Unit in {
    for (hosts <- 1 to 3; early <- Seq(false, true))
      using(plan(3, executors = hosts, slots = hosts)) { t =>
        t.cluster.orderSeconds = host => 100.0 * (host + 1)
        t.train(2)
        val places = t.cluster.model.turns.map(turn => turn.worker -> turn.host).toMap
        if (early) t.leave()
        assert(t.average() == Seq(0, 1, 2))
        // Its part of the mean, and fetching the others' if there are others.
        val orders = if (hosts == 1) 1 else 2
        for (result <- t.averaged) {
          val wanted = orders * 100.0 * (places(result.worker) + 1)
          assert(math.abs(result.seconds.exchange - wanted) < 50, s"$hosts hosts, $early")
        }
      }
  }

  /** Rounds until the driver's copy is older than the weights. */
  private def trainPastCopy(t: SimulatedTraining): Unit = {
    var rounds = 0
    do {
      assert(rounds < 50)
      rounds += 1
      t.train(1)
      t.average()
    } while (t.copy.isUnderWay || t.copy.progress == t.coordinator.current)
  }

  it should "fetch its copy while the next round trains" taggedAs Unit in {
    for (halves <- Seq(false, true); hosts <- 1 to 3) {
      val of3 = plan(3, hosts, hosts).copy(keepSeconds = 0)
      using(of3.copy(cluster = of3.cluster.copy(halves = halves))) { t =>
        var sums = 0
        t.cluster.onMessage = {
          // What is fetched is taken back when the next mean is computed.
          case (_, Order(_, Reduce(Some(_), _, _, _))) =>
            sums += 1
            assert(!t.copy.isUnderWay)
          case _ => ()
        }
        for (round <- 1 to 5) {
          t.train(2)
          t.average()
          assert(t.copy.isUnderWay && t.copy.progress.rounds == round - 1)
        }
        assert(sums >= 5)
        t.train(30)
        assert(!t.copy.isUnderWay && t.copy.progress == t.coordinator.current)
        t.average()
        // The next one is never whole.
        t.cluster.living.foreach(_.kill())
        t.train(1)
        assert(t.losses == 1 && t.coordinator.current.rounds == 5)
        t.checkWeights()
      }
    }
  }

  it should "go on from its copy when the only host that has the weights dies" taggedAs Unit in
    using(plan(2, executors = 1, slots = 2)) { t =>
      trainPastCopy(t)
      t.cluster.addExecutor()
      t.time.pass(10)
      t.cluster.onMessage = {
        case (host, Order(_, _: Publish)) => t.time.later(0, 0)(host.executor.kill())
        case _                            => ()
      }
      assert(t.train(1)) // the other one asks for them
      t.cluster.onMessage = (_, _) => ()
      t.average()
      assert(t.losses == 1)
    }

  it should "begin a round anew in which nobody with items is left" taggedAs Unit in {
    val of2 = plan(2, executors = 2, slots = 2)
    using(of2.copy(items = IndexedSeq(of2.items.head, Nil))) { t =>
      var killed = false
      t.cluster.onMessage = {
        case (host, Order(_, train: Train)) if !killed && train.turns.exists(_.worker == 0) =>
          killed = true
          t.time.later(0, 0)(host.executor.kill())
        case _ => ()
      }
      t.train(1)
      assert(killed && t.average() == Seq(0))
    }
  }

  it should "leave a host that is stopped out of timed rounds, and take it back" taggedAs Unit in
    using(plan(3, executors = 3, slots = 3).copy(seconds = 5, faults = 1e9)) { t =>
      t.train(1)
      assert(t.average() == Seq(0, 1, 2))
      t.cluster.onMessage = {
        case (host, Order(_, _: Train)) if host.id == 0 && host.executor.stoppedUntil == 0 =>
          host.executor.stop(30)
        case _ => ()
      }
      t.train(2)
      assert(t.average().length == 2)
      t.train(2) // two do what three did
      assert(t.average() == Seq(0, 1, 2) && t.members.idle.length == 2)
      t.time.pass(60)
      t.train(2)
      assert(t.average() == Seq(0, 1, 2) && t.members.idle.length == 3)
    }

  it should "have workers that take turns share the time of a round" taggedAs Unit in
    using(plan(5, executors = 2, slots = 2).copy(seconds = 6, faults = 1e9)) { t =>
      var told = Set.empty[(Int, Double)]
      t.cluster.onMessage = {
        case (_, Order(_, train: Train)) => told += ((train.turns.length, train.duration.each))
        case _                           => ()
      }
      t.train(1)
      assert(t.average().length == 5 && told == Set((3, 2.0), (2, 3.0)))
    }

  it should "go on from its copy when all hosts die" taggedAs Unit in
    using(plan(3, executors = 3, slots = 3)) { t =>
      for (_ <- 1 to 4) { t.train(2); t.average() }
      assert(t.coordinator.current.iteration == 8)
      t.cluster.living.foreach(_.kill())
      t.train(2)
      assert(t.losses == 1 && t.average() == Seq(0, 1, 2))
      t.checkWeights()
    }

  it should "say so when the driver cannot fetch weights" taggedAs Unit in
    using(plan(2, executors = 2, slots = 2)) { t =>
      trainPastCopy(t)
      t.cluster.unreachable = true
      val refused = intercept[CaffeException](t.coordinator.weights())
      assert(refused.getCodeName == "IO" && refused.getMessage.contains("no route"))
      t.cluster.unreachable = false
      t.checkWeights()
    }

  it should "go on without the momentum of a host that dies while it is fetched" taggedAs Unit in {
    val deaths = Seq[PartialFunction[AnyRef, Unit]](
      { case Order(_, _: Export) => () },
      { case Order(_, Reduce(None, _, _, _)) => () },
      { case Reported(_, _, Shown(_), _) => () }
    )
    for (death <- deaths)
      using(plan(3, executors = 3, slots = 3)) { t =>
        t.train(2)
        t.average()
        var killed = false
        t.cluster.onMessage = (host, message) =>
          if (!killed && host.id == 1 && death.isDefinedAt(message)) {
            killed = true
            t.time.later(0, 0)(host.executor.kill())
          }
        var there = Seq.empty[Int]
        val mean = t.coordinator.meanMomentum { momentum =>
          there = momentum.map(_.worker)
          momentum
        }
        assert(killed && mean.nonEmpty && there.length == 2)
        mean.foreach(_.close())
      }
  }

  it should "fetch momentum from where others have the slots by now" taggedAs Unit in {
    val of2 = plan(2, executors = 2, slots = 2)
    // Without faults momentum must not get lost.
    using(of2.copy(cluster = of2.cluster.copy(mortal = false))) { t =>
      def round(): Unit = { t.train(2); assert(t.average() == Seq(0, 1)) }
      def away(executor: Int): Unit = {
        t.coordinator.dismiss()
        for (own <- t.cluster.living) own.taken = own.number == executor
      }
      def asked(): Int = {
        var workers = 0
        t.coordinator
          .meanMomentum { momentum =>
            workers = momentum.length
            momentum
          }
          .foreach(_.close())
        workers
      }
      round()
      for (executor <- Seq(0, 1, 0)) {
        away(executor)
        assert(asked() == 2)
        round()
        assert(t.members.idle.length == 1 && asked() == 2)
      }
      // Nobody asks for what has not moved.
      away(0)
      t.cluster.onMessage = {
        case (_, Order(_, _: Export)) => fail("nothing has to be moved")
        case _                        => ()
      }
      round()
    }
  }

  it should "leave no momentum published that cannot be moved" taggedAs Unit in
    using(plan(2, executors = 1, slots = 2)) { t =>
      def round(): Unit = { t.train(1); t.average(); () }
      round()
      t.cluster.living.head.kill()
      round() // from here on workers have momentum that is not whole
      t.cluster.addExecutor()
      t.time.pass(20)
      var asked = false
      t.cluster.onMessage = {
        case (_, Order(_, _: Export)) => asked = true
        case _                        => ()
      }
      round()
      assert(asked && t.members.idle.length == 2)
      val bytes = t.cluster.published.toSeq.groupBy { case ((_, name), _) =>
        name.take(name.lastIndexOf('-'))
      }
      assert(bytes.values.forall(_.map(_._2.remaining).sum != 4 * SimulatedTraining.history))
    }

  /** Bytes that the driver sent and fetched in some rounds, and messages from it and to it of each. */
  private def work(hosts: Int): (Long, Long, Set[Int]) = {
    val training = new SimulatedTraining(plan(hosts, hosts, hosts).copy(floats = 1024), 1)
    var messages = Map.empty[Long, Int].withDefaultValue(0)
    var result = (0L, 0L, Set.empty[Int])
    training.use {
      for (_ <- 1 to 5) { training.train(1); training.average() } // the first ones are copied
      val cluster = training.cluster
      cluster.onMessage = {
        case (host, _: Reported) => messages += host.id -> (messages(host.id) + 1)
        case _                   => ()
      }
      val driver = cluster.driver.here
      val before = cluster.fetched(driver)
      for (_ <- 1 to 5) { training.train(1); training.average() }
      result = (cluster.served(driver), cluster.fetched(driver) - before, messages.values.toSet)
    }
    result
  }

  it should "have as much to do for 64 hosts as for 4" taggedAs Unit in {
    val bytes = 4L * 1024
    val (served, fetched, reports) = work(64)
    assert(reports == Set(3 * 5)) // of training, its part of the mean, and fetching the others'
    assert(served == bytes && fetched <= bytes) // one copy at most
    val few = work(4)
    assert(few._1 == served && few._2 <= bytes && few._3 == reports)
  }
}
