import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Rounds as a program without SparkNet has them: weights go out as a broadcast, each task copies
 * them, and a reduce brings the sum back. Arguments: weights, executors, rounds, seconds of rounds
 * before those. Prints milliseconds.
 */
public final class NaiveSide {
  private NaiveSide() {}

  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[0]);
    int executors = Integer.parseInt(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    long warmUp = 1_000_000_000L * Integer.parseInt(arguments[3]);
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
        if (begin - start > warmUp) {
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
