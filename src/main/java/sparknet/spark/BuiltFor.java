package sparknet.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.CodeSource;
import java.util.Properties;
import sparknet.jna.CaffeException;
import sparknet.jna.Status;

/**
 * What this jar is built for, and whether it is what runs. In Java, since classes that were compiled
 * for another Scala may not even load.
 */
public final class BuiltFor {
  private BuiltFor() {}

  /** Throws a {@link CaffeException} that says what does not fit, and what to do. */
  public static void check() {
    check(spark(), scala.util.Properties.versionNumberString());
  }

  static void check(String spark, String scala) {
    String found = mismatch(spark, scala);
    if (found != null) {
      throw new CaffeException(
          Status.STATE, found + ": use SparkNet's jar for that (spark.jars, --jars)");
    }
  }

  /** What does not fit, in one line; null if all does. */
  public static String mismatch() {
    return mismatch(spark(), scala.util.Properties.versionNumberString());
  }

  private static String spark() {
    return org.apache.spark.package$.MODULE$.SPARK_VERSION();
  }

  static String mismatch(String spark, String scala) {
    Properties own = properties();
    String line = own.getProperty("spark");
    String binary = own.getProperty("scala");
    if (begins(spark, line) && begins(scala, binary)) {
      return null;
    }
    return String.format(
        "%s is built for Spark %s with Scala %s, and this is Spark %s with Scala %s",
        place(), line, binary, spark, scala);
  }

  /** Whether 3.5.9 is a 3.5. */
  private static boolean begins(String version, String line) {
    return (version + ".").startsWith(line + ".");
  }

  private static String place() {
    CodeSource source = BuiltFor.class.getProtectionDomain().getCodeSource();
    return source == null ? "SparkNet's jar" : source.getLocation().getPath();
  }

  private static Properties properties() {
    Properties own = new Properties();
    try (InputStream in = BuiltFor.class.getResourceAsStream("/sparknet/version.properties")) {
      own.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return own;
  }
}
