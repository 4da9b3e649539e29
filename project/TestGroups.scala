import sbt._
import sbt.Keys._

/** Suites with executors of their own have a JVM apart, for there is one Spark context in each. */
object TestGroups {
  private val apart = "support.OnCluster"

  val settings: Seq[Setting[_]] = Seq(
    Test / envVars ++= sparkHome(target.value, (Test / scalaBinaryVersion).value),
    Test / testGrouping := {
      val loader = (Test / testLoader).value
      val kind = loader.loadClass(apart)
      val (cluster, local) =
        (Test / definedTests).value.partition(t => kind.isAssignableFrom(loader.loadClass(t.name)))
      val options = (Test / forkOptions).value
      for ((name, tests) <- Seq("local" -> local, "cluster" -> cluster) if tests.nonEmpty)
        yield Tests.Group(name, tests, Tests.SubProcess(options))
    }
  )

  /** What Spark starts executors with: the jars of the PySpark that build/setup has installed. */
  private def sparkHome(target: File, scala: String): Map[String, String] = {
    val found = (target / "venv" / "lib" * "python3*" / "site-packages" / "pyspark").get
    found.headOption
      .map(home => Map("SPARK_HOME" -> home.getPath, "SPARK_SCALA_VERSION" -> scala))
      .getOrElse(Map.empty)
  }
}
