import com.sun.jna.Memory;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.functions;
import org.apache.spark.sparknet.RowMemory;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.immutable.Seq;
import sparknet.data.Minibatch;
import sparknet.data.RowFiller;
import sparknet.data.RowItems;

/**
 * One cached column of a DataFrame into minibatches, and a plain copy of as many bytes from arrays
 * into the same memory, in turns.
 *
 * <p>Arguments: float, double, vector or binary; values of a row; rows; batch; rounds. Prints for
 * each round MB/s of the plain copy and of the column, counted in the bytes that reach the
 * minibatch.
 */
public final class IngestSide {
  // One thread on each side: what others do on the machine takes less away from its own time.
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  private IngestSide() {}

  /** Seconds of its thread for all rows of a partition. */
  private static double ingest(Iterator<InternalRow> rows, RowItems items, int batch, int rowCount) {
    int length = items.shape()[0];
    try (Minibatch into = new Minibatch(batch, length, items.labelling())) {
      RowFiller filler = items.filler(into);
      long start = CPU.getCurrentThreadCpuTime();
      int seen = 0;
      while (rows.hasNext()) {
        Option<String> wrong = filler.add(rows.next());
        if (wrong.nonEmpty()) {
          throw new IllegalStateException(wrong.get());
        }
        seen++;
        if (into.size() == batch) {
          into.size_$eq(0);
        }
      }
      double seconds = (CPU.getCurrentThreadCpuTime() - start) / 1e9;
      if (seen != rowCount || into.values().get(length / 2) == 0) {
        throw new IllegalStateException("the minibatches do not hold the rows");
      }
      return seconds;
    }
  }

  /** Seconds of its thread for a copy of as many floats, a minibatch at a time, from arrays of a block each. */
  private static double copy(List<float[]> blocks, FloatBuffer into) {
    long start = CPU.getCurrentThreadCpuTime();
    for (float[] block : blocks) {
      into.clear();
      into.put(block);
    }
    return (CPU.getCurrentThreadCpuTime() - start) / 1e9;
  }

  private static Dataset<Row> table(SparkSession spark, String kind, int values, int rows) {
    Dataset<Row> numbers = spark.range(0, rows, 1, 1).toDF();
    switch (kind) {
      case "float":
      case "double":
        return numbers.selectExpr("array_repeat(" + kind + "(id % 7 + 1), " + values + ") AS x");
      case "vector":
        Dataset<Row> doubles =
            numbers.selectExpr("array_repeat(double(id % 7 + 1), " + values + ") AS x");
        return doubles.select(functions.array_to_vector(doubles.col("x")).as("x"));
      default:
        return numbers.selectExpr("cast(repeat('a', " + values + ") AS binary) AS x");
    }
  }

  public static void main(String[] arguments) {
    String kind = arguments[0];
    int values = Integer.parseInt(arguments[1]);
    int rows = Integer.parseInt(arguments[2]);
    int batch = Integer.parseInt(arguments[3]);
    int rounds = Integer.parseInt(arguments[4]);
    SparkSession spark =
        SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
    spark.sparkContext().setLogLevel("ERROR");
    Dataset<Row> table = table(spark, kind, values, rows).cache();
    table.count();
    StructType schema = table.schema();
    List<Tuple2<String, int[]>> columns =
        Collections.singletonList(new Tuple2<>("x", new int[] {values}));
    Seq<Tuple2<String, int[]>> column =
        JavaConverters.asScalaBuffer(new ArrayList<>(columns)).toList();
    RowItems items = RowItems.apply(schema, column, Option.empty(), 0, Option.empty());
    List<float[]> blocks = new ArrayList<>();
    for (int i = 0; i < rows; i += batch) {
      float[] block = new float[Math.min(batch, rows - i) * values];
      java.util.Arrays.fill(block, i);
      blocks.add(block);
    }
    double megabytes = 4.0 * values * rows / 1e6;
    try (Memory memory = new Memory(4L * values * batch)) {
      FloatBuffer into =
          memory.getByteBuffer(0, memory.size()).order(ByteOrder.nativeOrder()).asFloatBuffer();
      for (int round = -3; round < rounds; round++) { // the first ones warm up
        double plain = copy(blocks, into);
        double ours =
            RowMemory.rows(table)
                .toJavaRDD()
                .mapPartitions(
                    part -> Collections.singleton(ingest(part, items, batch, rows)).iterator())
                .collect()
                .get(0);
        if (round >= 0) {
          System.out.printf(Locale.ROOT, "round: %.1f %.1f%n", megabytes / plain, megabytes / ours);
        }
      }
    }
    spark.stop();
  }
}
