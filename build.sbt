// Versions and JVM dependencies stand in build/pom.xml; how each part is made, in project/.
val pom = settingKey[Pom]("What build/pom.xml says")

lazy val sparknet = project
  .in(file("."))
  .settings(
    pom := new Pom(baseDirectory.value / "build" / "pom.xml"),
    name := pom.value.name,
    organization := pom.value.organization,
    version := pom.value.version,
    scalaVersion := pom.value.property("scala.version"),
    autoScalaLibrary := false,
    libraryDependencies ++= pom.value.dependencies,
    // As Maven does: what the POM names has its version, whatever others ask for.
    dependencyOverrides ++= pom.value.dependencies.map(m => m.organization % m.name % m.revision),
    scalacOptions ++= Seq(
      "-deprecation",
      "-feature",
      "-unchecked",
      "-Xlint",
      "-Xfatal-warnings",
      "-encoding",
      "UTF-8"
    ),
    // Specs written for ScalaTest's older names (FlatSpec) still compile here.
    Test / scalacOptions := scalacOptions.value.filterNot(_ == "-Xfatal-warnings") :+
      "-Wconf:cat=deprecation:w,cat=feature:w,any:e",
    javacOptions ++= Seq("--release", pom.value.property("java.release"), "-Xlint", "-Werror"),
    Compile / doc / javacOptions := Nil,
    Test / scalaSource := baseDirectory.value / "tests" / "scala",
    Test / javaSource := baseDirectory.value / "tests" / "java",
    Test / resourceDirectory := baseDirectory.value / "tests" / "resources",
    Test / fork := true,
    Test / baseDirectory := baseDirectory.value,
    Test / envVars += "SPARKNET_HOME" -> baseDirectory.value.getPath,
    Test / javaOptions ++= "-ea" +: SparkJvmOptions.forTests,
    Test / testOptions += Tests.Argument(TestFrameworks.ScalaTest, "-oDF")
  )
  .settings(ProtobufSources.settings, JarContent.settings, TestGroups.settings)
