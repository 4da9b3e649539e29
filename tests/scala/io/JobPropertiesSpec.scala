package sparknet.io

import java.util.Properties
import java.util.concurrent.{CompletableFuture, CyclicBarrier, Future, TimeUnit}

import org.scalatest.flatspec.AnyFlatSpec
import support._

class JobPropertiesSpec extends AnyFlatSpec {
  private lazy val sc = LocalSpark.context
  private val key = "spark.job.description"

  "The description of jobs" should "be the user's again afterwards" taggedAs SparkTag in {
    try {
      for (before <- Seq("the user's own", null)) {
        sc.setJobDescription(before)
        val inside = JobProperties.described(sc, "counting") {
          JobProperties.described(sc, "more")(()) // ours in ours
          sc.getLocalProperty(key)
        }
        assert(inside == "SparkNet: counting")
        assert(sc.getLocalProperty(key) == before)
        intercept[IllegalStateException](
          JobProperties.described(sc, "failing")(throw new IllegalStateException)
        )
        assert(sc.getLocalProperty(key) == before)
      }
    } finally sc.setJobDescription(null)
  }

  "Threads that share one object" should "not have each other's properties" taggedAs SparkTag in {
    val shared = new Properties
    shared.setProperty("users", "own")
    val setShared = sc.getClass.getMethod("setLocalProperties", classOf[Properties])
    val both = new CyclicBarrier(2)
    def seen(name: String): Future[Seq[String]] = {
      val found = new CompletableFuture[Seq[String]]
      val thread = new Thread(() => {
        setShared.invoke(sc, shared)
        try {
          val inside = JobProperties.tagged(sc, name) {
            JobProperties.described(sc, name) {
              both.await() // until the other one has set its own, too
              val kept = Seq(key, "spark.job.tags", "users").map(sc.getLocalProperty)
              both.await()
              kept
            }
          }
          found.complete(inside)
        } catch { case failure: Throwable => found.completeExceptionally(failure) }
        ()
      })
      thread.start()
      found
    }
    val threads = Seq("one", "two").map(name => name -> seen(name))
    for ((name, found) <- threads)
      assert(found.get(60, TimeUnit.SECONDS) == Seq(s"SparkNet: $name", name, "own"))
    assert(shared.size == 1)
  }
}
