package sparknet.jna;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.FloatBuffer;

/**
 * Mirror of {@code libccaffe/ccaffe.h}, function for function; that header says what each one does.
 *
 * <p>{@code size_t} is a {@code long} here, so the library has to be a 64-bit one. A function that
 * returns {@code int} returns a {@link Status} code: pass it to {@link Check#ok}. JNA passes the
 * memory of a direct buffer from its position on; an array it copies, before the call and after it.
 */
public interface CCaffe extends Library {
  int SPEC_NET = 0;
  int SPEC_SOLVER = 1;
  int PHASE_TRAIN = 0;
  int PHASE_TEST = 1;
  int PHASE_OF_NET = -1;
  int DATA = 0;
  int DIFF = 1;
  int PYTHON_SETUP = 0;
  int PYTHON_RESHAPE = 1;
  int PYTHON_FORWARD = 2;
  int PYTHON_BACKWARD = 3;
  int PYTHON_DESTROY = 4;

  /** Fills one JavaData layer. Anything but 0 fails the running call. */
  interface DataCallback extends Callback {
    int invoke(Pointer context, Pointer data, int batch, int numDims, Pointer shape);
  }

  /** Fills all JavaData layers. Anything but 0 fails the running call. */
  interface FeedCallback extends Callback {
    int invoke(Pointer context, int numTops, Pointer tops, Pointer counts);
  }

  /** Takes a warning, as UTF-8. */
  interface WarningCallback extends Callback {
    void invoke(Pointer context, Pointer text);
  }

  // ---- library
  String ccaffe_version();

  String ccaffe_last_error();

  int ccaffe_log_to(String filename, int minLevel);

  int ccaffe_set_warning_callback(Pointer callback, Pointer context);

  int ccaffe_set_working_directory(String path);

  int ccaffe_default_threads(IntByReference threads);

  int ccaffe_set_gpu_mode(int gpu);

  int ccaffe_set_device(int device);

  int ccaffe_layer_types(PointerByReference names);

  int ccaffe_buffer_content(Pointer buffer, PointerByReference data, LongByReference size);

  int ccaffe_buffer_destroy(Pointer buffer);

  // ---- spec
  int ccaffe_spec_from_file(int kind, String filename, PointerByReference message);

  int ccaffe_spec_from_text(
      int kind, byte[] text, long size, String name, PointerByReference message);

  int ccaffe_spec_to_text(int kind, byte[] message, long size, PointerByReference text);

  // ---- net
  int ccaffe_net_create(
      byte[] netParam, long size, int phase, int threads, long seed, PointerByReference net);

  int ccaffe_net_destroy(Pointer net);

  int ccaffe_net_describe(Pointer net, PointerByReference netParam);

  int ccaffe_net_plan(Pointer net, PointerByReference plan);

  int ccaffe_net_forward(Pointer net, int first, int last, FloatByReference loss);

  int ccaffe_net_backward(Pointer net, int last, int first);

  int ccaffe_net_clear_gradients(Pointer net);

  int ccaffe_net_keep_gradients(Pointer net, int keep);

  int ccaffe_net_keep_values(Pointer net, int[] blobs, int count);

  int ccaffe_net_reshape(Pointer net);

  int ccaffe_net_num_blobs(Pointer net, IntByReference count);

  int ccaffe_net_blob(Pointer net, int index, PointerByReference blob);

  int ccaffe_net_blob_name(Pointer net, int index, PointerByReference name);

  int ccaffe_net_outputs(Pointer net, int[] indices, int capacity, IntByReference count);

  int ccaffe_net_num_layers(Pointer net, IntByReference count);

  int ccaffe_net_layer_name(Pointer net, int layer, PointerByReference name);

  int ccaffe_net_num_params(Pointer net, int layer, IntByReference count);

  int ccaffe_net_param(Pointer net, int layer, int index, PointerByReference blob);

  int ccaffe_net_load(Pointer net, String filename, PointerByReference report);

  int ccaffe_net_save(Pointer net, String filename);

  // ---- blobs
  int ccaffe_blob_shape(Pointer blob, long[] dims, int capacity, IntByReference numAxes);

  int ccaffe_blob_reshape(Pointer blob, long[] dims, int numAxes);

  int ccaffe_blob_pointer(Pointer blob, int part, PointerByReference values);

  int ccaffe_blob_read(Pointer blob, int part, FloatBuffer values, long count);

  int ccaffe_blob_write(Pointer blob, int part, float[] values, long count);

  // ---- data
  int ccaffe_net_set_data_callback(
      Pointer net, int layer, DataCallback callback, Pointer context);

  int ccaffe_net_set_feed(Pointer net, FeedCallback callback, Pointer context);

  int ccaffe_net_set_batch_size(Pointer net, int batch);

  int ccaffe_net_feed_shapes(Pointer net, PointerByReference shapes);

  int ccaffe_net_set_memory_data(
      Pointer net, int layer, Pointer data, long dataCount, Pointer labels, long labelCount);

  // ---- python
  /** The callback is the address of a function that Python made; it never runs in the JVM. */
  int ccaffe_set_python_layer(Pointer callback, Pointer context);

  int ccaffe_python_add_param(long layer, long[] dims, int numAxes, PointerByReference blob);

  // ---- weights
  int ccaffe_net_weights_layout(Pointer net, PointerByReference netParam);

  int ccaffe_net_weights_count(Pointer net, LongByReference count);

  int ccaffe_net_read_weights(Pointer net, FloatBuffer values, long count);

  int ccaffe_net_write_weights(Pointer net, FloatBuffer values, long count);

  int ccaffe_mean(
      Pointer vectors, double[] weights, int count, int bf16, Pointer mean, long size);

  int ccaffe_differ(Pointer values, Pointer base, Pointer differences, long size);

  int ccaffe_add_differences(Pointer differences, Pointer values, long size);

  int ccaffe_all_finite(Pointer values, long size, IntByReference finite);

  // ---- memory
  int ccaffe_memory_create(long bytes, PointerByReference memory);

  int ccaffe_memory_destroy(Pointer memory);

  int ccaffe_memory_data(Pointer memory, PointerByReference data, PointerByReference name);

  int ccaffe_memory_show(Pointer memory, long number);

  int ccaffe_neighbour_open(String name, PointerByReference neighbour);

  int ccaffe_neighbour_destroy(Pointer neighbour);

  int ccaffe_neighbour_read(Pointer neighbour, long number, long from, Pointer into, long bytes);

  // ---- solver
  int ccaffe_solver_create(
      byte[] solverParam, long size, int threads, PointerByReference solver);

  int ccaffe_solver_destroy(Pointer solver);

  int ccaffe_solver_net(Pointer solver, PointerByReference net);

  int ccaffe_solver_num_test_nets(Pointer solver, IntByReference count);

  int ccaffe_solver_test_net(Pointer solver, int index, PointerByReference net);

  int ccaffe_solver_step(Pointer solver, int iterations, FloatByReference loss);

  int ccaffe_solver_set_auto_test(Pointer solver, int on);

  int ccaffe_solver_test(Pointer solver, int testNet, int batches);

  int ccaffe_solver_scores(Pointer solver, PointerByReference sums, IntByReference count);

  int ccaffe_solver_iteration(Pointer solver, IntByReference iteration);

  int ccaffe_solver_set_iteration(Pointer solver, int iteration);

  int ccaffe_solver_set_seed(Pointer solver, long seed);

  int ccaffe_solver_learning_rate(Pointer solver, FloatByReference rate);

  int ccaffe_solver_set_learning_rate(Pointer solver, FloatBuffer rate);

  int ccaffe_solver_history_count(Pointer solver, LongByReference count);

  int ccaffe_solver_read_history(Pointer solver, FloatBuffer values, long count);

  int ccaffe_solver_write_history(Pointer solver, FloatBuffer values, long count);

  int ccaffe_solver_snapshot(Pointer solver, String prefix, PointerByReference files);

  int ccaffe_solver_restore(Pointer solver, String filename, PointerByReference report);

  // ---- images
  int ccaffe_image_size(Pointer encoded, long size, IntByReference height, IntByReference width);

  int ccaffe_image_decode(Pointer encoded, long size, int height, int width, Pointer planes);

  int ccaffe_image_fill(
      Pointer items,
      int count,
      int[] shape,
      int[] crop,
      int[] places,
      Pointer mean,
      float scale,
      Pointer values);
}
