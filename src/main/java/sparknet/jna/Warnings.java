package sparknet.jna;

import com.sun.jna.CallbackReference;
import com.sun.jna.Pointer;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** Where the engine's warnings go in this JVM: into its log, unless somebody wants them. */
public final class Warnings {
  // The engine has its address: it stays as long as the JVM.
  private static final CCaffe.WarningCallback CALLBACK =
      (context, text) -> told(text.getString(0, "UTF-8"));

  private static volatile Consumer<String> receiver = Warnings::log;

  private Warnings() {}

  /** Hands warnings on to somebody else, on any thread, from now on; null: to the log again. */
  public static void to(Consumer<String> other) {
    receiver = other == null ? Warnings::log : other;
  }

  /** Has a library tell its warnings here. */
  static void of(CCaffe library) {
    Pointer address = CallbackReference.getFunctionPointer(CALLBACK);
    Check.ok(library.ccaffe_set_warning_callback(address, null));
  }

  private static void told(String text) {
    receiver.accept(text);
  }

  private static void log(String text) {
    try {
      LoggerFactory.getLogger(Warnings.class).warn(text);
    } catch (NoClassDefFoundError e) { // A JVM without Spark, and so without slf4j.
      System.err.println("SparkNet: " + text);
    }
  }
}
