package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support.{Slow, Unit}

/** Coordinator, members and hosts under schedules that are drawn from seeds. A failure names its seed:
  * SPARKNET_FIRST_SCHEDULE=SEED SPARKNET_SCHEDULES=1 tells what happens in it.
  */
class CrewSimulationSpec extends AnyFlatSpec {
  import CrewSimulationSpec._

  private def run(seed: Long, plan: TrainingPlan): SimulatedTraining = {
    val training = new SimulatedTraining(plan, seed)
    training.time.tells = schedules == 1
    try training.run()
    catch {
      case e: Throwable =>
        val where = s"after ${training.rounds} rounds and ${training.time.now} seconds"
        fail(s"schedule $seed, $where: $e", e)
    }
    training
  }

  "A crew" should "keep its promises whatever becomes of hosts and messages" taggedAs Slow in {
    val runs = (first until first + schedules).map(seed => run(seed, drawn(new Dice(seed))))
    info(s"${runs.map(_.rounds).sum} rounds, ${runs.map(_.time.events).sum} events")
    info(
      s"${runs.map(_.losses).sum} times all hosts were lost, ${runs.map(_.failures).sum} failures"
    )
    // Of what happens to hosts the user hears nothing, unless all are lost again and again.
    if (schedules >= 500)
      assert(runs.map(_.losses).sum > 50 && runs.map(_.failures).sum < schedules / 100)
  }

  it should "do the same again for the same seed" taggedAs Unit in {
    for (seed <- 0L until 20L) {
      val both = Seq.fill(2)(run(seed, drawn(new Dice(seed))))
      assert(both(0).time.trace == both(1).time.trace && both(0).outcome == both(1).outcome)
    }
  }

  it should "come to the same with any number of hosts, wherever they are" taggedAs Unit in {
    for (seed <- 0L until 40L) {
      val dice = new Dice(seed)
      val workers = 2 + dice.upTo(3)
      val plan = quiet(drawn(dice), workers, items(workers, dice))
      val outcomes = for (slots <- 1 to workers) yield {
        val cluster = plan.cluster.copy(
          executors = 1 + dice.upTo(3),
          machines = 1 + dice.upTo(3),
          slots = slots,
          perExecutor = 1 + dice.upTo(2),
          slow = dice.of(0.001, 0.05, 0.5),
          held = dice.of(Int.MaxValue, 1 + dice.upTo(2))
        )
        run(seed, plan.copy(cluster = cluster)).outcome
      }
      assert(outcomes.toSet.size == 1, s"seed $seed")
    }
  }

  it should "end a call in which a worker fails, and be as before it" taggedAs Unit in {
    for (seed <- 0L until 100L) {
      val dice = new Dice(seed)
      val workers = 1 + dice.upTo(3)
      val spoilt = items(workers, dice).zipWithIndex.map {
        case (own, 0) => own.updated(dice.upTo(own.length - 1), dice.of(666f, 667f))
        case (own, _) => own
      }
      val plan = quiet(drawn(dice), workers, spoilt).copy(rounds = 12)
      assert(run(seed, plan).failures > 0)
    }
  }
}

private object CrewSimulationSpec {
  private val schedules = sys.env.getOrElse("SPARKNET_SCHEDULES", "1000").toInt
  private val first = sys.env.getOrElse("SPARKNET_FIRST_SCHEDULE", "0").toLong

  private def items(workers: Int, dice: Dice): IndexedSeq[Seq[Float]] =
    (0 until workers).map { worker =>
      val count = if (worker > 0 && dice.chance(0.1)) 0 else 3 + dice.upTo(9)
      (0 until count).map(i => worker * 0.125f + i)
    }

  /** The same without faults, and without anything but rounds. */
  private def quiet(plan: TrainingPlan, workers: Int, items: IndexedSeq[Seq[Float]]): TrainingPlan =
    plan.copy(
      cluster = plan.cluster.copy(slots = workers, mortal = false),
      workers = workers,
      items = items,
      faults = Double.PositiveInfinity,
      steady = true
    )

  private def drawn(dice: Dice): TrainingPlan = {
    val workers = 1 + dice.upTo(4)
    val large = dice.chance(0.6)
    val largest = 1 + dice.upTo(9)
    val faulty = dice.chance(0.9)
    TrainingPlan(
      ClusterPlan(
        executors = 1 + dice.upTo(3),
        machines = 1 + dice.upTo(3),
        slots = 1 + dice.upTo(workers - 1),
        perExecutor = 1 + dice.upTo(2),
        slow = dice.of(0.001, 0.05, 0.5),
        duplicates = dice.of(0, 0.2),
        mortal = faulty && dice.chance(0.8),
        deadly = dice.of(0, 0.01, 0.05),
        halves = dice.chance(0.3),
        late = 6,
        held = dice.of(Int.MaxValue, 1 + dice.upTo(3))
      ),
      workers,
      floats = if (large) 3 + dice.upTo(30) else 3,
      cut = if (large) Pieces.of(_, _, 2, largest) else Pieces.of(_, _),
      items(workers, dice),
      rounds = 4 + dice.upTo(8),
      seconds = dice.of(Double.PositiveInfinity, Double.PositiveInfinity, 20),
      keepSeconds = dice.of(0, 5, 1e9),
      faults = if (faulty) dice.of(0.5, 3, 20) else Double.PositiveInfinity,
      steady = dice.chance(0.3)
    )
  }
}
