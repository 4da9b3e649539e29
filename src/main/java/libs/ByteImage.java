package libs;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.Serializable;
import sparknet.jna.Counts;

/** An RGB image of 8 bits per channel, one plane per channel, rows from the top. */
public class ByteImage implements Serializable {
  private static final long serialVersionUID = 1L;

  private final byte[] planes;
  private final int plane;
  private final int height;
  private final int width;

  /** Copies the pixels of an image. */
  public ByteImage(BufferedImage image) {
    this(image.getHeight(), image.getWidth());
    if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
      copyGrey(image);
      return;
    }
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int x = 0; x < width; x++) {
        planes[y * width + x] = (byte) (row[x] >> 16);
        planes[plane + y * width + x] = (byte) (row[x] >> 8);
        planes[2 * plane + y * width + x] = (byte) row[x];
      }
    }
  }

  /** Takes planes in the order red, green, blue, each of height * width bytes by rows. */
  public ByteImage(byte[] image, int height, int width) {
    this.plane = Counts.product(new int[] {height, width}, "an image");
    if (image.length != 3L * plane) {
      throw new IllegalArgumentException(
          "an image of 3x" + height + "x" + width + " has " + 3L * plane + " bytes, not "
              + image.length);
    }
    this.planes = image.clone();
    this.height = height;
    this.width = width;
  }

  /** A black image. */
  public ByteImage(int height, int width) {
    this.plane = Counts.product(new int[] {height, width}, "an image");
    this.planes = new byte[Counts.product(new int[] {3, plane}, "an image")];
    this.height = height;
    this.width = width;
  }

  // Java would take grey values for linear ones and brighten them on the way to RGB.
  private void copyGrey(BufferedImage image) {
    int shift = Math.max(0, image.getSampleModel().getSampleSize(0) - 8);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRaster().getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        planes[y * width + x] = (byte) (row[x] >> shift);
      }
    }
    System.arraycopy(planes, 0, planes, plane, plane);
    System.arraycopy(planes, 0, planes, 2 * plane, plane);
  }

  public byte getRed(int row, int col) {
    return planes[at(row, col)];
  }

  public byte getGreen(int row, int col) {
    return planes[plane + at(row, col)];
  }

  public byte getBlue(int row, int col) {
    return planes[2 * plane + at(row, col)];
  }

  // A column outside the image would otherwise be read from another row or plane.
  private int at(int row, int col) {
    if (row < 0 || row >= height || col < 0 || col >= width) {
      throw new ArrayIndexOutOfBoundsException(
          "(" + row + ", " + col + ") is not in an image of " + height + "x" + width);
    }
    return row * width + col;
  }

  public int getHeight() {
    return height;
  }

  public int getWidth() {
    return width;
  }

  /**
   * Writes a part of the image as floats 0 to 255, three planes of its height h and width w: {@code
   * buffer[c*h*w + row*w + col]} is channel c at {@code (row + lowerOffsets[0], col +
   * lowerOffsets[1])}. What lies behind the third plane in the buffer stays as it is.
   *
   * @param lowerOffsets first row and column
   * @param upperOffsets row and column after the last
   */
  public void cropInto(float[] buffer, int[] lowerOffsets, int[] upperOffsets) {
    int top = lowerOffsets[0];
    int left = lowerOffsets[1];
    int h = upperOffsets[0] - top;
    int w = upperOffsets[1] - left;
    if (top < 0 || left < 0 || h < 0 || w < 0 || top + h > height || left + w > width) {
      throw new IllegalArgumentException(
          "rows " + top + " to " + upperOffsets[0] + ", columns " + left + " to "
              + upperOffsets[1] + " are not inside an image of " + height + "x" + width);
    }
    if (buffer.length < 3L * h * w) {
      throw new IllegalArgumentException(
          "a crop of 3x" + h + "x" + w + " does not fit " + buffer.length + " floats");
    }
    int to = 0;
    for (int channel = 0; channel < 3; channel++) {
      for (int row = 0; row < h; row++) {
        int from = channel * plane + (top + row) * width + left;
        for (int col = 0; col < w; col++) {
          buffer[to++] = planes[from + col] & 0xFF;
        }
      }
    }
  }
}
