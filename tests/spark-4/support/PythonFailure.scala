package support

import org.apache.spark.QueryContext

/** What Spark throws where Python failed. It shows the class to its own Scala code only. */
object PythonFailure {
  def apply(message: String): Throwable =
    Class
      .forName("org.apache.spark.api.python.PythonException")
      .getConstructor(
        classOf[String],
        classOf[Throwable],
        classOf[Option[_]],
        classOf[Map[_, _]],
        classOf[Array[QueryContext]]
      )
      .newInstance(message, null, None, Map.empty, Array.empty[QueryContext])
      .asInstanceOf[Throwable]
}
