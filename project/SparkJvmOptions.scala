/** What Spark 3.5 needs of a JVM 17 that its launcher did not start (its JavaModuleOptions). */
object SparkJvmOptions {
  private val opened = Seq(
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar"
  ).map(name => s"--add-opens=java.base/$name=ALL-UNNAMED")

  val forTests: Seq[String] = Seq("-Xmx2g", "-XX:+IgnoreUnrecognizedVMOptions") ++ opened ++ Seq(
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Djdk.reflect.useDirectMethodHandle=false"
  )
}
