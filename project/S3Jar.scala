import sbt._
import sbt.Keys._
import sbtassembly.AssemblyPlugin.autoImport._

/** S3A, Hadoop's client of S3, for Sparks that have none: as a jar of its own, and as coordinates for
  * `--packages`. It has to be of exactly the version of Hadoop that Spark has.
  *
  * Hadoop asks for all of Amazon's services in one bundle of 280 to 690 MB; these are the modules that S3A
  * loads, 10 MB.
  */
object S3Jar {
  private val versions = "aws.version.hadoop-"

  private val modules = Map(
    "1" -> ("com.amazonaws" -> Seq("aws-java-sdk-s3", "aws-java-sdk-sts", "aws-java-sdk-dynamodb")),
    "2" -> ("software.amazon.awssdk" -> Seq("s3", "s3-transfer-manager", "sts"))
  )

  // The bundles, what S3A does not load, and what is in every Spark.
  private val excluded = Seq(
    "com.amazonaws" -> "aws-java-sdk-bundle",
    "com.amazonaws" -> "aws-java-sdk-kms",
    "software.amazon.awssdk" -> "bundle",
    "software.amazon.ion" -> "ion-java",
    "org.wildfly.openssl" -> "wildfly-openssl",
    "com.fasterxml.jackson.core" -> "*",
    "com.fasterxml.jackson.dataformat" -> "*",
    "commons-codec" -> "*",
    "commons-logging" -> "*",
    "io.netty" -> "*",
    "joda-time" -> "*",
    "org.apache.httpcomponents" -> "*",
    "org.slf4j" -> "*"
  )

  private val licences = "(META-INF/)?(LICENSE|NOTICE|THIRD-PARTY)[^/]*$".r

  /** A line for each version of Hadoop: the version, its packages, and what is excluded of what they ask
    * for, as Spark's settings have them.
    */
  def table(pom: Pom): String = {
    val without = excluded.map { case (group, name) => s"$group:$name" }.mkString(",")
    pom
      .named(versions)
      .map { hadoop =>
        val coordinates =
          packages(pom, hadoop).map(m => s"${m.organization}:${m.name}:${m.revision}")
        s"$hadoop\t${coordinates.mkString(",")}\t$without\n"
      }
      .mkString
  }

  private def packages(pom: Pom, hadoop: String): Seq[ModuleID] = {
    val sdk = pom.property(versions + hadoop)
    val (group, names) = modules(sdk.takeWhile(_ != '.'))
    ("org.apache.hadoop" % "hadoop-aws" % hadoop) +: names.map(group % _ % sdk)
  }

  /** A project whose `assembly` is the jar for the Hadoop of a line of Spark: the POM's profile. */
  def settings(profile: String): Seq[Setting[_]] = Seq(
    SparkLine.root := (ThisBuild / baseDirectory).value,
    SparkLine.pom := new Pom(SparkLine.root.value / "build" / "pom.xml", profile),
    name := "sparknet-s3",
    organization := SparkLine.pom.value.organization,
    version := SparkLine.pom.value.version,
    autoScalaLibrary := false,
    target := baseDirectory.value,
    libraryDependencies ++= packages(SparkLine.pom.value, hadoop(SparkLine.pom.value)).map {
      _.excludeAll(excluded.map { case (group, name) => ExclusionRule(group, name) }: _*)
    },
    assembly / assemblyOutputPath := SparkLine.root.value / "target" / "s3" /
      s"${name.value}-${version.value}-hadoop-${hadoop(SparkLine.pom.value)}.jar",
    assembly / assemblyMergeStrategy := {
      case PathList("META-INF", "services", _*) => MergeStrategy.filterDistinctLines
      // Each module's own, with its name.
      case path if licences.findPrefixOf(path).isDefined => MergeStrategy.rename
      case PathList("META-INF", _*)                      => MergeStrategy.discard
      case path if path.endsWith("module-info.class")    => MergeStrategy.discard
      // Of sources.
      case "VersionInfo.java" | "parquet.thrift" => MergeStrategy.discard
      case _                                     => MergeStrategy.singleOrError
    }
  )

  private def hadoop(pom: Pom): String = pom.property("hadoop.version")
}
