package libs;

import java.util.Arrays;
import sparknet.jna.Counts;

/** Arithmetic on shapes, strides and indices. */
public class JavaNDUtils {
  /** The product of all values; 1 for none. */
  public static int arrayProduct(int[] vs) {
    return Counts.product(vs, "an array");
  }

  /** Row-major strides of a dense array. */
  public static int[] calcDefaultStrides(int[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return strides;
  }

  public static int dot(int[] xs, int[] ys) {
    if (xs.length != ys.length) {
      throw new IllegalArgumentException(
          "dot product of arrays of different lengths, " + xs.length + " and " + ys.length);
    }
    int result = 0;
    for (int i = 0; i < xs.length; i++) {
      result += xs[i] * ys[i];
    }
    return result;
  }

  public static int[] copyOf(int[] data) {
    return data.clone();
  }

  /** The values without the one at {@code index}. */
  public static int[] removeIndex(int[] data, int index) {
    int[] result = new int[data.length - 1];
    System.arraycopy(data, 0, result, 0, index);
    System.arraycopy(data, index + 1, result, index, result.length - index);
    return result;
  }

  public static boolean shapesEqual(int[] shape1, int[] shape2) {
    return Arrays.equals(shape1, shape2);
  }
}
