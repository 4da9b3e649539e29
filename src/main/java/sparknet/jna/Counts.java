package sparknet.jna;

/** Numbers of elements as Java's arrays and buffers count them: in 31 bits. */
public final class Counts {
  private Counts() {}

  /** The number itself, or {@link Status#SHAPE} if {@code what} is more than an array can hold. */
  public static int toInt(long count, String what) {
    if (count < 0 || count > Integer.MAX_VALUE) {
      throw new CaffeException(
          Status.SHAPE, what + " is " + count + ", which a Java array cannot hold");
    }
    return (int) count;
  }

  /** The product of extents; 1 for none. Throws as {@link #toInt}. */
  public static int product(int[] extents, String what) {
    int product = 1;
    for (int extent : extents) {
      long next = (long) product * extent;
      if (next < 0 || next > Integer.MAX_VALUE) {
        throw new CaffeException(
            Status.SHAPE,
            what + " has shape " + text(extents) + ", which is more than a Java array can hold");
      }
      product = (int) next;
    }
    return product;
  }

  private static String text(int[] extents) {
    StringBuilder text = new StringBuilder();
    for (int extent : extents) {
      text.append(text.length() == 0 ? "" : "x").append(extent);
    }
    return text.toString();
  }
}
