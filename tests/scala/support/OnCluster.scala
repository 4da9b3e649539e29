package support

import org.apache.hadoop.fs.FileSystem
import org.apache.hadoop.util.ShutdownHookManager
import org.apache.spark.{SparkConf, SparkContext}
import org.scalatest.{Canceled, Outcome, TestSuite}

/** Suites about what travels between JVMs, and where it ends: two executors of their own, and Kryo, which
  * is stricter than Java's serialiser. All of them run in one JVM, apart from other suites
  * (project/TestGroups.scala), and share its context.
  */
trait OnCluster extends TestSuite {
  protected def sc: SparkContext = OnCluster.context

  override protected def withFixture(test: NoArgTest): Outcome =
    if (test.tags(SparkTag.name) && !sys.env.contains("SPARK_HOME"))
      Canceled("executors need PySpark's jars, in target/venv: run build/setup")
    else super.withFixture(test)
}

private object OnCluster {
  private val executors = 2

  lazy val context: SparkContext = {
    val conf = new SparkConf()
      .setMaster(s"local-cluster[$executors,1,1024]")
      .setAppName("tests")
      .set("spark.ui.enabled", "false")
      .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
      .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
      .set("spark.executor.extraJavaOptions", "-ea")
    val sc = new SparkContext(conf)
    // Before Spark's own end, which kills executors first and wonders where they are.
    ShutdownHookManager.get.addShutdownHook(
      () => sc.stop(),
      FileSystem.SHUTDOWN_HOOK_PRIORITY + 100
    )
    val deadline = System.nanoTime + 60 * 1000000000L
    // Their block managers come after them, and it is those that are looked for. The driver counts.
    def ready = sc.getExecutorMemoryStatus.size > executors
    while (!ready && System.nanoTime < deadline) Thread.sleep(20)
    assert(ready, "the executors do not start")
    sc
  }
}
