import sbt._
import sbt.Keys._
import sbt.librarymanagement.CrossVersion

/** One line of Spark: everything that is built from src/ and tests/ for it. */
object SparkLine {
  val pom = settingKey[Pom]("What build/pom.xml says of this line")
  val root = settingKey[File]("The folder of the repository")

  /** The settings of the project for the POM's profile of that name. */
  def settings(profile: String): Seq[Setting[_]] = Seq(
    root := (ThisBuild / baseDirectory).value,
    pom := new Pom(root.value / "build" / "pom.xml", profile),
    name := pom.value.name,
    organization := pom.value.organization,
    version := pom.value.version,
    scalaVersion := pom.value.property("scala.version"),
    autoScalaLibrary := false,
    libraryDependencies ++= pom.value.dependencies,
    // As Maven does: what the POM names has its version, whatever others ask for.
    dependencyOverrides ++= pom.value.dependencies.map(m => m.organization % m.name % m.revision),
    target := (if (baseDirectory.value == root.value) root.value / "target"
               else baseDirectory.value),
    Compile / javaSource := root.value / "src" / "main" / "java",
    Compile / scalaSource := root.value / "src" / "main" / "scala",
    // What differs between versions of Scala and lines of Spark.
    Compile / unmanagedSourceDirectories := Seq(
      (Compile / javaSource).value,
      (Compile / scalaSource).value,
      root.value / "src" / "main" / s"scala-${scalaBinaryVersion.value}",
      root.value / "src" / "main" / s"spark-${sparkMajor(pom.value)}"
    ),
    Compile / resourceDirectory := root.value / "src" / "main" / "resources",
    scalacOptions ++= Seq(
      "-deprecation",
      "-feature",
      "-unchecked",
      "-Xlint",
      "-Xfatal-warnings",
      "-encoding",
      "UTF-8",
      // What newer versions of Scala, Spark and its libraries advise against, and the oldest have alone.
      "-Wconf:" + Seq(
        "scala\\.collection\\.JavaConverters",
        "org\\.apache\\.spark\\.ml\\.util\\.DefaultParams.*",
        "org\\.apache\\.commons\\.compress\\..*"
      ).map(origin => s"cat=deprecation&origin=$origin:s").mkString(","),
      "-release",
      pom.value.property("java.release")
    ),
    // Specs written for ScalaTest's older names (FlatSpec) still compile here.
    Test / scalacOptions := scalacOptions.value.filterNot(_.startsWith("-Wconf")) :+
      "-Wconf:cat=deprecation:s,cat=feature:s,cat=lint-infer-any:s,cat=other-match-analysis:s,msg=Exhaustivity analysis:s",
    javacOptions ++= Seq("--release", pom.value.property("java.release"), "-Xlint", "-Werror"),
    Compile / doc / javacOptions := Nil,
    Test / scalaSource := root.value / "tests" / "scala",
    Test / unmanagedSourceDirectories := Seq(
      (Test / scalaSource).value,
      (Test / javaSource).value,
      root.value / "tests" / s"scala-${scalaBinaryVersion.value}",
      root.value / "tests" / s"spark-${sparkMajor(pom.value)}"
    ),
    Test / javaSource := root.value / "tests" / "java",
    Test / resourceDirectory := root.value / "tests" / "resources",
    Test / fork := true,
    Test / baseDirectory := root.value,
    Test / envVars += "SPARKNET_HOME" -> root.value.getPath,
    Test / javaOptions ++= "-ea" +: SparkJvmOptions.forTests,
    Test / testOptions += Tests.Argument(TestFrameworks.ScalaTest, "-oDF")
  ) ++ ProtobufSources.settings ++ JarContent.settings ++ TestGroups.settings

  private def sparkMajor(pom: Pom): String = pom.property("spark.version").takeWhile(_ != '.')
}
