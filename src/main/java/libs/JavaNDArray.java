package libs;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A dense float array of any rank, or a view of one.
 *
 * <p>Views share the values of the array that they were made from.
 */
public class JavaNDArray implements Serializable {
  private static final long serialVersionUID = 1L;

  protected final float[] data;
  protected final int dim;
  protected final int[] shape;
  private final int offset;
  private final int[] strides;

  /**
   * A view: element {@code indices} is {@code data[offset + indices . strides]}.
   *
   * @param dim the rank, which is the length of shape and strides
   */
  public JavaNDArray(float[] data, int dim, int[] shape, int offset, int[] strides) {
    if (shape.length != dim || strides.length != dim) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " and strides " + Arrays.toString(strides)
              + " are not of rank " + dim);
    }
    int last = offset;
    boolean empty = false;
    for (int axis = 0; axis < dim; axis++) {
      if (shape[axis] < 0) {
        throw new IllegalArgumentException("negative extent in shape " + Arrays.toString(shape));
      }
      empty |= shape[axis] == 0;
      last += (shape[axis] - 1) * strides[axis];
    }
    if (!empty && (offset < 0 || last >= data.length)) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " at offset " + offset + " does not fit "
              + data.length + " values");
    }
    this.data = data;
    this.dim = dim;
    this.shape = JavaNDUtils.copyOf(shape);
    this.offset = offset;
    this.strides = JavaNDUtils.copyOf(strides);
  }

  /** An array of zeros. */
  public JavaNDArray(int... shape) {
    this(new float[JavaNDUtils.arrayProduct(shape)], shape);
  }

  /** Wraps values in row-major order without copying them. */
  public JavaNDArray(float[] data, int... shape) {
    this(data, shape.length, shape, 0, JavaNDUtils.calcDefaultStrides(shape));
    if (data.length != JavaNDUtils.arrayProduct(shape)) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " does not hold " + data.length + " values");
    }
  }

  /** The view with {@code axis} fixed at {@code index} and dropped. */
  public JavaNDArray slice(int axis, int index) {
    checkIndex(axis, index);
    return new JavaNDArray(
        data,
        dim - 1,
        JavaNDUtils.removeIndex(shape, axis),
        offset + index * strides[axis],
        JavaNDUtils.removeIndex(strides, axis));
  }

  /** The view from lowerOffsets (inclusive) to upperOffsets (exclusive), of the same rank. */
  public JavaNDArray subArray(int[] lowerOffsets, int[] upperOffsets) {
    int[] newShape = new int[dim];
    for (int axis = 0; axis < dim; axis++) {
      if (lowerOffsets[axis] < 0
          || lowerOffsets[axis] > upperOffsets[axis]
          || upperOffsets[axis] > shape[axis]) {
        throw new IndexOutOfBoundsException(
            "range " + lowerOffsets[axis] + " to " + upperOffsets[axis] + " of axis " + axis
                + ", whose extent is " + shape[axis]);
      }
      newShape[axis] = upperOffsets[axis] - lowerOffsets[axis];
    }
    int start = offset + JavaNDUtils.dot(lowerOffsets, strides);
    return new JavaNDArray(data, dim, newShape, start, strides);
  }

  public void set(int[] indices, float value) {
    data[position(indices)] = value;
  }

  public float get(int... indices) {
    return data[position(indices)];
  }

  /** Copies the values in row-major order into {@code result}, which has exactly their number. */
  public void flatCopy(float[] result) {
    int count = JavaNDUtils.arrayProduct(shape);
    if (result.length != count) {
      throw new IllegalArgumentException(
          result.length + " floats for " + count + " values of shape " + Arrays.toString(shape));
    }
    forEachRun(
        (from, to, length, stride) -> {
          if (stride == 1) {
            System.arraycopy(data, from, result, to, length);
          } else {
            for (int i = 0; i < length; i++) {
              result[to + i] = data[from + i * stride];
            }
          }
        });
  }

  /** A row-major copy of the values. */
  public float[] toFlat() {
    float[] result = new float[JavaNDUtils.arrayProduct(shape)];
    flatCopy(result);
    return result;
  }

  /** The whole array underneath, which is larger than a view of a part. */
  public float[] getBuffer() {
    return data;
  }

  public void add(JavaNDArray that) {
    combine(that, 1F);
  }

  public void subtract(JavaNDArray that) {
    combine(that, -1F);
  }

  public void scalarDivide(float v) {
    forEachRun(
        (from, to, length, stride) -> {
          for (int i = 0; i < length; i++) {
            data[from + i * stride] /= v;
          }
        });
  }

  private void combine(JavaNDArray that, float sign) {
    if (!JavaNDUtils.shapesEqual(shape, that.shape)) {
      throw new IllegalArgumentException(
          "shapes " + Arrays.toString(shape) + " and " + Arrays.toString(that.shape)
              + " are not equal");
    }
    // Values of another view of our own data may change under our hands: copied before that.
    boolean inPlace =
        that.isDense() && (that.data != data || that.offset == offset && isDense());
    float[] values = inPlace ? that.data : that.toFlat();
    int start = inPlace ? that.offset : 0;
    forEachRun(
        (from, to, length, stride) -> {
          for (int i = 0; i < length; i++) {
            data[from + i * stride] += sign * values[start + to + i];
          }
        });
  }

  private boolean isDense() {
    return Arrays.equals(strides, JavaNDUtils.calcDefaultStrides(shape));
  }

  private int position(int[] indices) {
    if (indices.length != dim) {
      throw new IllegalArgumentException(indices.length + " indices for rank " + dim);
    }
    int result = offset;
    for (int axis = 0; axis < dim; axis++) {
      checkIndex(axis, indices[axis]);
      result += indices[axis] * strides[axis];
    }
    return result;
  }

  private void checkIndex(int axis, int index) {
    if (axis < 0 || axis >= dim) {
      throw new IndexOutOfBoundsException("axis " + axis + " of an array of rank " + dim);
    }
    if (index < 0 || index >= shape[axis]) {
      throw new IndexOutOfBoundsException(
          "index " + index + " of axis " + axis + ", whose extent is " + shape[axis]);
    }
  }

  /** A run of values along the last axis: where it starts in data and in row-major order. */
  private interface Run {
    void accept(int from, int to, int length, int stride);
  }

  private void forEachRun(Run run) {
    int count = JavaNDUtils.arrayProduct(shape);
    if (count == 0) {
      return;
    }
    if (isDense()) {
      run.accept(offset, 0, count, 1);
      return;
    }
    int length = shape[dim - 1];
    int[] index = new int[dim];
    for (int to = 0; to < count; to += length) {
      run.accept(offset + JavaNDUtils.dot(index, strides), to, length, strides[dim - 1]);
      for (int axis = dim - 2; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
  }
}
