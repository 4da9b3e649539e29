package sparknet.spark

import java.util.Properties

import org.scalatest.flatspec.AnyFlatSpec

import sparknet.jna.CaffeException

class BuiltForSpec extends AnyFlatSpec {
  private val own = {
    val properties = new Properties
    val in = getClass.getResourceAsStream("/sparknet/version.properties")
    try properties.load(in)
    finally in.close()
    properties
  }
  private val (line, binary) = (own.getProperty("spark"), own.getProperty("scala"))

  "The Spark of these tests" should "be what the classes are built for" in {
    assert(BuiltFor.mismatch() == null)
    BuiltFor.check()
  }

  "Every version of the line" should "fit" in {
    for (spark <- Seq(line, s"$line.0", s"$line.17-vendor.2"))
      assert(BuiltFor.mismatch(spark, s"$binary.1") == null)
  }

  "Other versions" should "be told with what there is" in {
    val others =
      Seq(s"${line}0.1" -> s"$binary.1", "2.4.8" -> s"$binary.1", s"$line.1" -> "2.11.12")
    for ((spark, scala) <- others) {
      val told = BuiltFor.mismatch(spark, scala)
      assert(
        told.endsWith(
          s" is built for Spark $line with Scala $binary, and this is Spark $spark with Scala $scala"
        )
      )
      assert(intercept[CaffeException](BuiltFor.check(spark, scala)).getMessage.startsWith(told))
    }
  }
}
