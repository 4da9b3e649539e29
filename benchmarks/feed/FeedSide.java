import caffe.Caffe.NetParameter;
import caffe.Caffe.SolverParameter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import libs.ProtoLoader;
import scala.Option;
import scala.collection.Iterator;
import sparknet.data.Augmentation;
import sparknet.data.Block;
import sparknet.data.Chain;
import sparknet.data.Identity;
import sparknet.data.Labelling;
import sparknet.data.MeanSubtraction;
import sparknet.data.Minibatches;
import sparknet.data.PrefetchFeed;
import sparknet.data.RandomPlaces;
import sparknet.data.Stock;
import sparknet.jna.NativeSolver;

/**
 * Training steps of one net, with the data in the net's input blobs already and with minibatches put
 * together from a worker's bytes (shuffled, mean subtracted, cropped and mirrored) as they are in
 * training on Spark. Both take turns in this process, a few steps at a time.
 *
 * <p>usage: java -cp JARS FeedSide.java SOLVER NET BATCH SIZE CROP THREADS ITEMS WARM_UP STEPS ROUNDS
 * Prints for each round the mean milliseconds of a step: in memory, fed.
 */
final class FeedSide {
  public static void main(String[] args) {
    int[] n = Arrays.stream(args).skip(2).mapToInt(Integer::parseInt).toArray();
    int batch = n[0];
    int size = n[1];
    int crop = n[2];
    int warmUp = n[5];
    int steps = n[6];
    NetParameter net =
        ProtoLoader.replaceDataLayers(
            ProtoLoader.loadNetPrototxt(args[1]), batch, batch, 3, crop, crop);
    SolverParameter solver =
        ProtoLoader.loadSolverPrototxtWithNet(args[0], net, Option.empty()).toBuilder()
            .setDisplay(0)
            .setRandomSeed(1)
            .setBaseLr(1e-8f) // numbers that shrink or grow would change the time of a step
            .build();
    int[] shape = {3, size, size};
    Random random = new Random(1);
    byte[] bytes = new byte[n[4] * 3 * size * size];
    random.nextBytes(bytes);
    float[] labels = new float[n[4]];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(10);
    }
    float[] mean = new float[3 * size * size];
    Arrays.fill(mean, 127.5f);
    Block block = new Block(shape, labels, bytes, null);
    Stock stock = new Stock(new int[][] {{n[4]}}, chunk -> Iterator.single(block));
    Minibatches minibatches =
        new Minibatches(
            stock.shuffled(0, n[4], 0, 1),
            shape,
            new Chain(new MeanSubtraction(mean), new Identity()),
            crop < size ? new Augmentation(crop, crop, true) : Augmentation.none(),
            batch,
            new RandomPlaces(1, 0, 0),
            bad -> {
              throw new IllegalStateException(bad.toString());
            },
            Labelling.plain());
    try (NativeSolver trained = new NativeSolver(solver, n[3]);
        PrefetchFeed feed = new PrefetchFeed(minibatches, () -> {}, () -> false)) {
      trained.net().setFeed(feed);
      trained.step(warmUp);
      for (int round = 0; round < n[7]; round++) {
        double[] milliseconds = new double[2];
        for (int turn = 0; turn < 2; turn++) {
          int side = (round + turn) % 2;
          // What the feed wrote last stays in the blobs; nothing is copied any more.
          trained.net().setFeed(side == 0 ? tops -> {} : feed);
          trained.step(2); // the first steps after a pause find a minibatch waiting
          long start = System.nanoTime();
          trained.step(steps);
          milliseconds[side] = (System.nanoTime() - start) / 1e6 / steps;
        }
        System.out.printf(Locale.ROOT, "round: %.4f %.4f%n", milliseconds[0], milliseconds[1]);
      }
    }
  }
}
