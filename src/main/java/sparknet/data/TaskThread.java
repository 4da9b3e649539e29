package sparknet.data;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;

/**
 * Makes a thread part of a Spark task. In Java, because Spark offers it to its own Scala code only,
 * as it does for the thread that feeds a Python worker.
 */
final class TaskThread {
  private TaskThread() {}

  /** Until the thread ends, {@code TaskContext.get} gives `task` on it. */
  static void join(TaskContext task) {
    TaskContext$.MODULE$.setTaskContext(task);
  }
}
