package sparknet.train

import org.scalatest.flatspec.AnyFlatSpec
import support.Unit

import sparknet.data.{BadRecord, BadRecords}

class TrainerNoticesSpec extends AnyFlatSpec {

  /** What is said meanwhile, with levels. */
  private def said(say: TrainerNotices => Any): Seq[String] = {
    val notices = new TrainerNotices
    notices.keep()
    say(notices)
    notices.take().split('\u0000').filter(_.nonEmpty).grouped(2).map(_.mkString(" ")).toSeq
  }

  "A trainer's notices" should "tell of lost workers until others are" taggedAs Unit in {
    val told = said { notices =>
      for ((lost, round) <- Seq(Seq(), Seq(1), Seq(1), Seq(0, 2), Seq(), Seq(1)).zipWithIndex)
        notices.lost(round, lost)
    }
    assert(told.map(_.takeWhile(_ != ':')) == Seq(1, 3, 5).map(n => s"WARNING round $n"))
    assert(told.head.contains(": worker 1 had no part in it"))
    assert(told(1).contains(": workers 0, 2 had no part in it"))
  }

  it should "tell what was lost before the mean" taggedAs Unit in {
    val told = said { notices =>
      notices.lostBeforeMean(3, Nil)
      notices.lostBeforeMean(4, Seq(0))
    }
    val expected =
      "WARNING round 4: what worker 0 did was lost with an executor; the mean is that of the others"
    assert(told == Seq(expected))
  }

  it should "say once where it trains, and that workers take turns" taggedAs Unit in {
    val result = WorkerResult(
      0,
      "driver",
      steps = 1,
      images = 1,
      position = 0,
      lossSum = 0,
      fresh = true,
      threads = 2,
      BadRecords.empty,
      vector = None,
      failure = None
    )
    def told(workers: Int) = said { notices =>
      for (_ <- 1 to 2) notices.threads(workers, 2, Seq.fill(workers)(result))
    }
    val rest = "executors that train: 1, threads of each net: 2"
    assert(told(2) == Seq(s"INFO workers: 2, $rest"))
    assert(told(3) == Seq(s"INFO workers: 3 (they take turns: slots: 2), $rest"))
  }

  it should "sum up what was left out, if anything was" taggedAs Unit in {
    val bad = BadRecords.empty + BadRecord("link", "x")
    assert(said(_.leftOut("test", Seq(BadRecords.empty))).isEmpty)
    val told = said(_.leftOut("round 2", Seq(bad, BadRecords.empty, bad)))
    assert(told == Seq("WARNING round 2: 2 records left out: 2 link (x, x)"))
  }
}
