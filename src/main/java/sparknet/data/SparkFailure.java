package sparknet.data;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkException;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.python.PythonException;
import org.apache.spark.shuffle.FetchFailedException;

/**
 * Tells failures that are Spark's to deal with from those of the user's data, functions and nets.
 *
 * <p>Spark computes lost data anew, or runs a task again in another place, if it sees the exception
 * that it threw itself. A task that threw what is the user's would only fail again.
 *
 * <p>In Java, because Spark shows the classes of some of them to its own Scala code only.
 */
public final class SparkFailure {
  private static final int DEPTH = 20; // causes may form a ring

  private SparkFailure() {}

  /** Storage or network failed while data were read: not what a function of the user's throws. */
  private static final class Unread extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unread(IOException cause) {
      super(cause);
    }
  }

  /** Runs what reads items, or what is put aside, from where Spark keeps or computes it. */
  public static <T> T reading(Callable<T> body) throws Exception {
    try {
      return body.call();
    } catch (IOException failure) {
      throw new Unread(failure);
    }
  }

  /** The exception among {@code thrown} and its causes that Spark must see, if there is one. */
  public static Optional<Throwable> in(Throwable thrown) {
    return in(thrown, DEPTH);
  }

  /** Whether a Python function raised something: the message is Python's traceback. */
  public static boolean isPython(Throwable thrown) {
    return thrown instanceof PythonException;
  }

  private static Optional<Throwable> in(Throwable thrown, int depth) {
    if (thrown == null || depth == 0) {
      return Optional.empty();
    }
    Throwable cause = thrown.getCause();
    if (thrown instanceof Unread) {
      return Optional.of(cause);
    }
    // Spark also wraps what a function in a DataFrame throws: that has a cause of another kind.
    boolean own =
        thrown instanceof FetchFailedException
            || thrown instanceof TaskKilledException
            || thrown instanceof VirtualMachineError
            || thrown instanceof InterruptedException
            || (thrown instanceof SparkException && isLoss(cause, depth - 1));
    return own ? Optional.of(thrown) : in(cause, depth - 1);
  }

  private static boolean isLoss(Throwable cause, int depth) {
    return cause == null
        || cause instanceof IOException
        || cause instanceof TimeoutException
        || in(cause, depth).isPresent();
  }
}
