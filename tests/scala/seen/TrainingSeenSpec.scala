package sparknet.seen

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

import sparknet.data.{BadRecord, BadRecords}

class TrainingSeenSpec extends AnyFlatSpec {
  private var clock = 1000L
  private def training() = new TrainingSeen(3, "net", 2, () => clock)

  private def turn(worker: Int, images: Long, compute: Double) =
    TurnSeen(worker, "0", 1, images, Times(compute, 0.5, 0.25, 0))

  private def round(of: TrainingSeen, number: Int, loss: Double, turns: TurnSeen*): Unit =
    of.round(number, 10 * number, loss, 2, turns, BadRecords.empty)

  "What is seen of a training" should "be what it was told" taggedAs Unit in {
    val seen = training()
    round(seen, 1, 3.0, turn(0, 10, 1), turn(1, 30, 2))
    round(seen, 2, 2.0, turn(0, 10, 3))
    seen.tested(20, Seq("accuracy" -> 0.5, "loss" -> 1.25), BadRecords.empty)
    val view = seen.look()
    assert((view.id, view.name, view.workerCount, view.started) == ((3, "net", 2, 1000)))
    assert((view.rounds, view.iteration, view.images) == ((2, 20, 50)))
    assert(view.series.map(_.loss) == Seq(3, 2) && view.series.map(_.images) == Seq(40, 10))
    assert(view.series.head.times == Times(1.5, 0.5, 0.25, 0)) // mean of both
    assert(view.series.head.imagesPerSecond == 20)
    assert(view.last.map(_.worker) == Seq(0))
    val sums = Seq(
      TurnSeen(0, "0", 2, 20, Times(4, 1, 0.5, 0)),
      TurnSeen(1, "0", 1, 30, Times(2, 0.5, 0.25, 0))
    )
    assert(view.workers == sums)
    assert(view.tests == Seq(TestSeen(20, Seq("accuracy" -> 0.5, "loss" -> 1.25))))
  }

  it should "say what is done, for how long, and what failed" taggedAs Unit in {
    val seen = training()
    assert(seen.look().doing.isEmpty)
    clock = 2000
    seen.during("training") {
      clock = 5000
      assert(seen.look().doing.contains(("training", 2000)))
      seen.during("writing")(assert(seen.look().doing.contains(("training", 2000))))
    }
    assert(seen.look().doing.isEmpty && seen.look().active == 5000)
    assertThrows[IllegalStateException] {
      seen.during("testing")(throw new IllegalStateException("no <b>"))
    }
    assert(seen.look().failure.contains("testing: no <b>") && seen.look().doing.isEmpty)
    seen.during("training")(assert(seen.look().failure.isEmpty))
    seen.end()
    clock = 9000
    seen.end()
    assert(seen.look().ended.contains(5000) && seen.hasEnded)
  }

  it should "know who is there, who came and who went" taggedAs Unit in {
    val seen = training()
    clock = 1
    seen.joined(7, "0", "a")
    seen.joined(8, "1", "b")
    clock = 2
    seen.left(7, "lost")
    seen.left(7, "ended")
    val view = seen.look()
    assert(view.members == Seq(MemberSeen(1, 8, "1", "b", "joined")))
    assert(
      view.comings.map(c => (c.at, c.host, c.what)) ==
        Seq((1, 7, "joined"), (1, 8, "joined"), (2, 7, "lost"))
    )
  }

  it should "sum up what rounds left out, and tell what the last test did" taggedAs Unit in {
    val seen = training()
    val bad = BadRecords.empty + BadRecord("corrupt image", "a.jpg")
    for (number <- 1 to 3) seen.round(number, number, 1, 1, Seq(turn(0, 1, 1)), bad)
    for (_ <- 1 to 2) seen.tested(1, Nil, bad)
    seen.taken(DataSeen("training", 10, BadRecords.empty))
    seen.taken(DataSeen("training", 20, bad))
    val view = seen.look()
    assert(view.roundsLeftOut.counts == Map("corrupt image" -> 3L))
    assert(view.testsLeftOut.counts == Map("corrupt image" -> 1L))
    assert(view.data == Seq(DataSeen("training", 20, bad)))
  }

  it should "not grow with the number of rounds" taggedAs Unit in {
    val seen = training()
    for (i <- 1 to 20000) {
      round(seen, i, 1.0, turn(0, 5, 1), turn(1, 5, 2))
      seen.tested(10 * i, Seq("accuracy" -> i.toDouble), BadRecords.empty)
      seen.joined(i, "0", "a")
      seen.left(i, "lost")
      seen.noticed(s"notice $i")
    }
    val view = seen.look()
    assert(view.series.length <= TrainingSeen.mostPoints)
    assert(view.tests.length <= TrainingSeen.mostPoints && view.tests.last.iteration == 200000)
    assert(view.comings.length == TrainingSeen.mostComings && view.comings.last.host == 20000)
    assert(view.notices.length == TrainingSeen.mostNotices)
    assert(view.notices.last.text == "notice 20000" && view.members.isEmpty)
    seen.noticed("x" * 100000)
    assert(seen.look().notices.last.text.length < TrainingSeen.mostLetters + 10)
    assert(view.workers.length == 2 && view.rounds == 20000 && view.images == 200000)
    assert(view.series.forall(r => r.loss == 1.0 && r.times / r.rounds == Times(1.5, 0.5, 0.25, 0)))
  }

  "Trainings" should "be listed the newest first, and forgotten when there are many" taggedAs Unit in {
    val all = new Trainings
    val some = (0 until Trainings.most + 3).map(i => new TrainingSeen(i, "net", 1))
    some.take(Trainings.most).foreach(all.add)
    some(5).end()
    some(7).end()
    some.drop(Trainings.most).foreach(all.add)
    // First those that have ended, then the oldest.
    val there = (0 until Trainings.most + 3).filterNot(Set(0, 5, 7))
    assert(all.look().map(_.id) == there.reverse)
    assert(all.find(1).exists(_.id == 1) && all.find(5).isEmpty)
  }
}
