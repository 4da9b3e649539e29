package sparknet.data;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskKilledException;

/**
 * Makes a thread part of a Spark task. In Java, because Spark offers it to its own Scala code only,
 * as it does for the thread that feeds a Python worker.
 */
public final class TaskThread {
  private TaskThread() {}

  /**
   * What makes the thread that it runs on part of the caller's task, until the thread ends: it may
   * then read what Spark keeps or computes. Outside tasks it does nothing.
   */
  public static Runnable joining() {
    TaskContext task = TaskContext.get();
    return () -> {
      if (task != null) {
        TaskContext$.MODULE$.setTaskContext(task);
      }
    };
  }

  /**
   * Ends the task of this thread if Spark has cancelled it. What waits, or computes for long, asks
   * this now and then: Spark does not interrupt it. Outside tasks it does nothing.
   */
  public static void stopIfKilled() {
    TaskContext task = TaskContext.get();
    if (task != null && task.isInterrupted()) {
      throw new TaskKilledException();
    }
  }
}
