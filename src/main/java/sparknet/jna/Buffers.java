package sparknet.jna;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.ToIntFunction;

/** Takes the content of native buffers over into the JVM, and lends the JVM's to the engine. */
public final class Buffers {
  private Buffers() {}

  /** The bytes that a function gives through its {@code ccaffe_buffer**}; the buffer is freed. */
  public static byte[] bytes(ToIntFunction<PointerByReference> function) {
    CCaffe library = NativeLoader.library();
    PointerByReference buffer = new PointerByReference();
    Check.ok(function.applyAsInt(buffer));
    try {
      PointerByReference data = new PointerByReference();
      LongByReference size = new LongByReference();
      Check.ok(library.ccaffe_buffer_content(buffer.getValue(), data, size));
      if (size.getValue() > Integer.MAX_VALUE) {
        throw new CaffeException(
            Status.SHAPE, size.getValue() + " bytes are more than a Java array holds");
      }
      return size.getValue() == 0
          ? new byte[0]
          : data.getValue().getByteArray(0, (int) size.getValue());
    } finally {
      library.ccaffe_buffer_destroy(buffer.getValue());
    }
  }

  /** As {@link #bytes}, decoded as UTF-8. */
  public static String text(ToIntFunction<PointerByReference> function) {
    return new String(bytes(function), StandardCharsets.UTF_8);
  }

  /** As {@link #text}, split into its lines; no lines for an empty text. */
  public static String[] lines(ToIntFunction<PointerByReference> function) {
    return text(function).lines().toArray(String[]::new);
  }

  /** The same buffer, if the engine can read its values, which JNA takes from its position on. */
  static FloatBuffer readable(FloatBuffer values) {
    if (values.order() != ByteOrder.nativeOrder()) {
      throw refused("is of byte order " + values.order() + ", not " + ByteOrder.nativeOrder());
    }
    if (!values.isDirect() && !values.hasArray()) {
      throw refused("is neither direct nor one of an array that may be changed");
    }
    return values;
  }

  /** The same buffer, if the engine can write to it; else as {@link #readable}. */
  static FloatBuffer writable(FloatBuffer values) {
    if (values.isReadOnly()) {
      throw refused("may only be read");
    }
    return readable(values);
  }

  private static CaffeException refused(String why) {
    return new CaffeException(Status.INVALID_ARGUMENT, "the buffer " + why);
  }

  static String string(Pointer zeroTerminated) {
    return zeroTerminated.getString(0, StandardCharsets.UTF_8.name());
  }
}
