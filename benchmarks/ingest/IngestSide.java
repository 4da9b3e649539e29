import caffe.Caffe.NetParameter;
import com.sun.jna.Memory;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.Locale;
import org.apache.spark.ml.functions;
import org.apache.spark.sparknet.RowMemory;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Option;
import sparknet.jna.Engine;
import sparknet.ml.CaffeFeaturizer;
import sparknet.ml.TrainedNet;

/**
 * A cached DataFrame scored by a net that does next to nothing, and a plain copy of as many bytes
 * between arrays and native memory, in turns.
 *
 * <p>Arguments: float, double, vector or binary: a column that the net takes; or to-array or
 * to-vector: a column that is made of what it says; values of a row; rows; batch; rounds. Prints
 * for each round MB/s of the plain copy and of the column.
 */
public final class IngestSide implements Serializable {
  // One thread on each side: what others do on the machine takes less away from its own time.
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  // Rounds: the JVM compiles what rows go through more than once until it knows all of it.
  private static final int WARM_UP = 40;

  private final String kind;
  private final int values;
  private final int rows;
  private final int batch;

  private IngestSide(String[] arguments) {
    kind = arguments[0];
    values = Integer.parseInt(arguments[1]);
    rows = Integer.parseInt(arguments[2]);
    batch = Integer.parseInt(arguments[3]);
    if (rows % batch != 0) {
      throw new IllegalArgumentException("whole minibatches only");
    }
  }

  private boolean out() {
    return kind.startsWith("to-");
  }

  /** Bytes of a value where it takes most: in the column, or in the minibatch. */
  private int width() {
    return kind.equals("double") || kind.endsWith("vector") ? 8 : 4;
  }

  private Dataset<Row> table(SparkSession spark) {
    Dataset<Row> numbers = spark.range(0, rows, 1, 1).toDF("id");
    switch (kind) {
      case "float":
      case "double":
        return numbers.selectExpr("array_repeat(" + kind + "(id % 7 + 1), " + values + ") x");
      case "vector":
        Dataset<Row> doubles =
            numbers.selectExpr("array_repeat(double(id % 7 + 1), " + values + ") x");
        return doubles.select(functions.array_to_vector(doubles.col("x")).as("x"));
      case "binary":
        return numbers.selectExpr(
            "cast(repeat(cast(id % 7 + 1 AS string), " + values + ") AS binary) x");
      default:
        return numbers.withColumnRenamed("id", "x");
    }
  }

  private String made(String name, int count) {
    return String.format(
        "layer { name: '%s' type: 'DummyData' top: '%s' dummy_data_param {"
            + " shape { dim: %d dim: %d } data_filler { value: 3 } } } ",
        name, name, batch, count);
  }

  /** Says one value of x, so that it is looked at; or as many values as x would have. */
  private CaffeFeaturizer net() {
    String input =
        String.format(
            "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: %d } } } ",
            out() ? 1 : values);
    String said =
        out()
            ? made("all", values)
            : made("one", 1)
                + String.format(
                    "layer { name: 'value' type: 'Crop' bottom: 'x' bottom: 'one' top: 'value'"
                        + " crop_param { axis: 1 offset: %d } }",
                    values / 2);
    byte[] none = NetParameter.newBuilder().setName("no weights").build().toByteArray();
    TrainedNet trained =
        new TrainedNet(Engine.parseNetText(input + said).toByteArray(), new byte[][] {none});
    CaffeFeaturizer made = new CaffeFeaturizer("ingest", Option.apply(trained));
    made.setFeaturesCol("x").setBatchSize(batch);
    made.setOutputBlobs(new String[] {out() ? "all" : "value"}).setOutputCols(new String[] {"said"});
    made.setOutputType(kind.equals("to-vector") ? "vector" : "array");
    return made;
  }

  private double said(InternalRow row) {
    int at = out() ? values / 2 : 0;
    return kind.equals("to-vector")
        ? row.getStruct(0, 4).getArray(3).getDouble(at)
        : row.getArray(0).getFloat(at);
  }

  /** Seconds of its thread for all rows of a partition. */
  private double score(Iterator<InternalRow> scored) {
    long start = CPU.getCurrentThreadCpuTime();
    double sum = 0;
    while (scored.hasNext()) {
      sum += said(scored.next());
    }
    double seconds = (CPU.getCurrentThreadCpuTime() - start) / 1e9;
    double expected = 0;
    for (int i = 0; i < rows; i++) {
      expected += out() ? 3 : i % 7 + (kind.equals("binary") ? '1' : 1);
    }
    if (sum != expected) {
      throw new IllegalStateException("the net has not said what it should: " + sum);
    }
    return seconds;
  }

  /** Seconds of its thread for a copy of as many bytes, a minibatch at a time. */
  private double copy(Object[] blocks, ByteBuffer memory) {
    FloatBuffer floats = memory.asFloatBuffer();
    DoubleBuffer doubles = memory.asDoubleBuffer();
    long start = CPU.getCurrentThreadCpuTime();
    for (Object block : blocks) {
      floats.clear();
      doubles.clear();
      if (width() == 4 && out()) {
        floats.get((float[]) block);
      } else if (width() == 4) {
        floats.put((float[]) block);
      } else if (out()) {
        doubles.get((double[]) block);
      } else {
        doubles.put((double[]) block);
      }
    }
    return (CPU.getCurrentThreadCpuTime() - start) / 1e9;
  }

  private void measure(SparkSession spark, int rounds) {
    Dataset<Row> table = table(spark).cache();
    table.count();
    Dataset<Row> scored = net().transform(table).select("said");
    Object[] blocks = new Object[rows / batch];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = width() == 4 ? new float[batch * values] : new double[batch * values];
    }
    double megabytes = (double) width() * values * rows / 1e6;
    try (Memory memory = new Memory((long) width() * values * batch)) {
      memory.clear();
      ByteBuffer into = memory.getByteBuffer(0, memory.size()).order(ByteOrder.nativeOrder());
      for (int round = -WARM_UP; round < rounds; round++) {
        double plain = copy(blocks, into);
        double ours =
            RowMemory.rows(scored)
                .toJavaRDD()
                .mapPartitions(part -> Collections.singleton(score(part)).iterator())
                .collect()
                .get(0);
        if (round >= 0) {
          System.out.printf(Locale.ROOT, "round: %.1f %.1f%n", megabytes / plain, megabytes / ours);
        }
      }
    }
  }

  public static void main(String[] arguments) {
    SparkSession spark =
        SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
    spark.sparkContext().setLogLevel("ERROR");
    new IngestSide(arguments).measure(spark, Integer.parseInt(arguments[4]));
    spark.stop();
  }
}
