package support

/** What Spark throws where Python failed. It shows the class to its own Scala code only. */
object PythonFailure {
  def apply(message: String): Throwable =
    Class
      .forName("org.apache.spark.api.python.PythonException")
      .getConstructor(classOf[String], classOf[Throwable])
      .newInstance(message, null)
      .asInstanceOf[Throwable]
}
