import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import libs.ByteImage;
import preprocessing.ScaleAndConvert;

/**
 * The two sides of benchmarks/decode that run in a JVM, on one thread: {@code sparknet}, this
 * project's ScaleAndConvert, and {@code imageio}, ImageIO and Java2D's scaling as the original
 * used them. Both go from the bytes of a file to a ByteImage.
 *
 * <p>usage: java -cp JARS DecodeSide.java SIDE FOLDER SIZE WARM_UP PASSES
 */
final class DecodeSide {
  public static void main(String[] args) throws IOException {
    boolean ours = args[0].equals("sparknet");
    int size = Integer.parseInt(args[2]);
    int warmUp = Integer.parseInt(args[3]);
    double[] milliseconds = new double[Integer.parseInt(args[4])];
    List<byte[]> images;
    try (Stream<Path> files = Files.list(Path.of(args[1]))) {
      images = files.sorted().map(DecodeSide::read).collect(Collectors.toList());
    }
    ScaleAndConvert converter = new ScaleAndConvert(1, size, size);
    ImageIO.setUseCache(false);
    long pixels = 0;
    for (int pass = -warmUp; pass < milliseconds.length; pass++) {
      long start = processorTime();
      for (byte[] image : images) {
        ByteImage small = ours ? converter.convertImage(image).get() : imageIo(image, size);
        pixels += small.getRed(size / 2, size / 2) & 0xff;
      }
      if (pass >= 0) {
        milliseconds[pass] = (processorTime() - start) / 1e6;
      }
    }
    Arrays.sort(milliseconds);
    System.out.println("middle pixels: " + pixels);
    System.out.printf(
        Locale.ROOT,
        "ms_per_step: %.3f %.3f%n",
        milliseconds[milliseconds.length / 2],
        milliseconds[0]);
  }

  // Of all threads: a garbage collector's work counts, and time lost to other processes does not.
  private static long processorTime() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // Bilinear, and halved as long as an image is more than twice as large: bilinear drawing looks
  // at four pixels only.
  private static ByteImage imageIo(byte[] encoded, int size) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(encoded));
    while (image.getWidth() > 2 * size && image.getHeight() > 2 * size) {
      image = draw(image, image.getWidth() / 2, image.getHeight() / 2);
    }
    return new ByteImage(draw(image, size, size));
  }

  private static BufferedImage draw(BufferedImage image, int width, int height) {
    BufferedImage scaled = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return scaled;
  }
}
