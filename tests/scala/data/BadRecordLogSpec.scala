package sparknet.data

import org.apache.spark.rdd.RDD
import org.apache.spark.{SparkConf, SparkException}
import org.scalatest.concurrent.Eventually
import org.scalatest.flatspec.AnyFlatSpec
import org.scalatest.time.SpanSugar._
import support._

import sparknet.jna.CaffeException

class BadRecordLogSpec extends AnyFlatSpec with Eventually with OnCluster {
  implicit override val patienceConfig: PatienceConfig =
    PatienceConfig(timeout = 30.seconds, interval = 50.millis)

  /** Numbers below n; those that `bad` says are bad. */
  private def numbers(n: Int, partitions: Int, who: String)(bad: Int => Boolean): RDD[Int] =
    BadRecordLog.without(
      sc.parallelize(0 until n, partitions).map { i =>
        if (bad(i)) Left(BadRecord("odd one", s"#$i")) else Right(i)
      },
      who
    )

  /** The warnings about `who`, once there are `lines` of them. */
  private def reported(who: String, lines: Int)(body: => Any): Seq[String] =
    Logged.by(classOf[BadRecordLog]) { logged =>
      def found = logged().filter(_.text.startsWith(s"$who: "))
      body
      eventually(assert(found.length >= lines))
      assert(found.forall(_.level == "WARN"))
      found.map(_.text)
    }

  "A BadRecordLog" should "leave bad records out and report them once" taggedAs SparkTag in {
    val rdd = numbers(100, 4, "once")(i => i == 3 || i == 60)
    val lines = reported("once", 1) {
      assert(rdd.collect().toSeq == (0 until 100).filterNot(i => i == 3 || i == 60))
      for (_ <- 1 to 3) rdd.count() // Computed again each time: nothing new.
      rdd.coalesce(2).count()
      numbers(10, 1, "barrier")(_ == 0).first()
    }
    assert(lines == Seq("once: 2 of 100 records left out: 2 odd one (#3, #60)"))
  }

  it should "tell what was read of partitions that were not read to their ends" taggedAs
    SparkTag in {
      val rdd = numbers(100, 2, "partly")(_ == 0)
      val lines = reported("partly", 2) {
        assert(rdd.take(4).toSeq == Seq(1, 2, 3, 4))
        assert(rdd.count() == 99)
        assert(rdd.first() == 1)
        assert(rdd.count() == 99)
      }
      assert(
        lines == Seq(5, 100).map(n => s"partly: 1 of $n records left out: 1 odd one (#0)")
      )
    }

  it should "fail jobs when the share is too large" taggedAs SparkTag in {
    val rdd = numbers(100, 4, "share")(_ % 5 == 0)
    assert(rdd.first() == 1) // Half of what was read was bad, of too little.
    assert(rdd.count() == 80) // The first time that all is known.
    val failure = intercept[SparkException](rdd.map(_ + 1).count())
    assert(
      failure.getMessage.contains(
        "share: 20 of 100 records left out: 20 odd one (#0, #5, #10, #15, #20, ...); " +
          "that is more than spark.sparknet.maxBadShare = 0.1 allows"
      )
    )
    assert(failure.getCause.isInstanceOf[CaffeException])
    assert(numbers(100, 4, "edge")(_ % 10 == 0).map(_ + 1).count() == 90)
  }

  it should "stop a long job in the middle" taggedAs SparkTag in {
    val rdd = numbers(64000, 64, "long")(_ % 5 == 0)
    val failure = intercept[SparkException](rdd.foreachPartition { items =>
      items.foreach(_ => ())
      Thread.sleep(300)
    })
    assert(failure.getMessage.contains("records left out"))
    assert(failure.getMessage.contains("spark.sparknet.maxBadShare"))
  }

  it should "have a share that the user sets" taggedAs Unit in {
    def share(text: String) = {
      val conf = new SparkConf(false).set(BadRecordLog.maxShareKey, text)
      BadRecordLog.maxShare(conf)
    }
    assert(share("1") == 1 && share("0.25") == 0.25)
    assert(BadRecordLog.maxShare(new SparkConf(false)) == 0.1)
    for (wrong <- Seq("10", "-1", "many", "NaN")) {
      val failure = intercept[CaffeException](share(wrong))
      assert(
        failure.getMessage == s"spark.sparknet.maxBadShare is '$wrong', not a number from 0 to 1"
      )
    }
  }
}
