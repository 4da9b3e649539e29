// Versions and JVM dependencies stand in build/pom.xml; how each part is made, in project/.

// JVMs of tests side by side (TestGroups): the longest suite keeps one core busy.
Global / concurrentRestrictions := Seq(
  Tags.limitAll(EvaluateTask.SystemProcessors max 2),
  Tags.limit(Tags.ForkedTestGroup, 2)
)

// A project for each line of Spark, from the same sources: `build/sbt test` is about the first one,
// `build/sbt spark4/test` about Spark 4.
lazy val sparknet = project.in(file(".")).settings(SparkLine.settings("spark-3.5"))
lazy val spark35scala213 =
  project
    .in(file("target/spark-3.5-scala-2.13"))
    .settings(SparkLine.settings("spark-3.5-scala-2.13"))
lazy val spark4 = project.in(file("target/spark-4")).settings(SparkLine.settings("spark-4"))

// S3A for the Hadoop of each line: `build/sbt sparknetS3/assembly`.
lazy val sparknetS3 = project.in(file("target/s3/spark-3.5")).settings(S3Jar.settings("spark-3.5"))
lazy val spark35scala213S3 =
  project
    .in(file("target/s3/spark-3.5-scala-2.13"))
    .settings(S3Jar.settings("spark-3.5-scala-2.13"))
lazy val spark4S3 = project.in(file("target/s3/spark-4")).settings(S3Jar.settings("spark-4"))
