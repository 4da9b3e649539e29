import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Rounds as a program without SparkNet has them: weights go out as a broadcast, each task copies
 * them, and a reduce brings the sum back. Arguments: weights, executors, rounds. Prints milliseconds.
 */
public final class NaiveSide {
  /** In which the JVMs compile what runs often, as on our side. */
  private static final long WARM_UP_NANOS = 8_000_000_000L;

  private NaiveSide() {}

  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[0]);
    int executors = Integer.parseInt(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    try (JavaSparkContext spark = new JavaSparkContext()) {
      JavaRDD<Integer> workers =
          spark.parallelize(Collections.nCopies(executors, 0), executors).cache();
      float[] weights = new float[count];
      List<String> times = new ArrayList<>();
      long start = System.nanoTime();
      while (times.size() < rounds) {
        long begin = System.nanoTime();
        Broadcast<float[]> sent = spark.broadcast(weights);
        weights = workers.map(worker -> sent.value().clone()).reduce(NaiveSide::add);
        for (int i = 0; i < count; i++) {
          weights[i] /= executors;
        }
        if (begin - start > WARM_UP_NANOS) {
          times.add(String.format("%.3f", (System.nanoTime() - begin) / 1e6));
        }
        sent.destroy();
      }
      System.out.println("round: " + String.join(" ", times));
    }
  }

  private static float[] add(float[] a, float[] b) {
    for (int i = 0; i < a.length; i++) {
      a[i] += b[i];
    }
    return a;
  }
}
