import sbt._
import sbt.Keys._

/** Suites with executors of their own have a JVM apart, for there is one Spark context in each; so have
  * those that make contexts themselves.
  */
object TestGroups {
  private val apart = Seq("support.OnCluster" -> "cluster", "support.OwnContexts" -> "contexts")

  val settings: Seq[Setting[_]] = Seq(
    Test / envVars ++= sparkHome(target.value, (Test / scalaBinaryVersion).value),
    Test / testGrouping := {
      val loader = (Test / testLoader).value
      val kinds = apart.map { case (kind, group) => loader.loadClass(kind) -> group }
      val options = (Test / forkOptions).value
      val groups = (Test / definedTests).value.groupBy { test =>
        val suite = loader.loadClass(test.name)
        kinds.collectFirst { case (kind, group) if kind.isAssignableFrom(suite) => group }
      }
      for ((group, tests) <- groups.toSeq)
        yield Tests.Group(group.getOrElse("local"), tests, Tests.SubProcess(options))
    }
  )

  /** What Spark starts executors with: the jars of the PySpark that build/setup has installed. */
  private def sparkHome(target: File, scala: String): Map[String, String] = {
    val environment = target / "venv" / "lib" * "python3*" / "site-packages" / "pyspark"
    val found = (target / "python" / "pyspark").get ++ environment.get
    found.headOption
      .map(home => Map("SPARK_HOME" -> home.getPath, "SPARK_SCALA_VERSION" -> scala))
      .getOrElse(Map.empty)
  }
}
