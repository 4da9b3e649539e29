package sparknet.io

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
}
