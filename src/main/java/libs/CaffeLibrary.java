package libs;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Pointer;

/**
 * The C API under its historical names. States, blobs and messages are plain pointers; a failure is
 * thrown as {@link sparknet.jna.CaffeException}, also where the return type is void.
 *
 * <p>Pointers to blobs and their values, and names, live as long as their state. One state may be
 * used by several threads; their calls are serialised. Layer indices count the layers after
 * filtering, inserted Splits included.
 */
public interface CaffeLibrary extends Library {
  CaffeLibrary INSTANCE = new StateLibrary();

  /** Fills a JavaData layer once per forward pass. What it throws fails the running call. */
  interface java_callback_t extends Callback {
    /**
     * @param data room for batch_size times the product of shape floats, row-major
     * @param shape num_dims 32-bit extents of one item
     */
    void invoke(Pointer data, int batch_size, int num_dims, Pointer shape);
  }

  /** Logs to the end of a file, or above a level (0 to 3) to stderr if the name is empty. */
  void init_logging(String log_filename, int log_verbosity);

  /** Changes the process's working directory. */
  void set_basepath(String path);

  int get_int_size();

  int get_dtype_size();

  /** A new empty state, for {@link #destroy_state} to free. */
  Pointer create_state();

  void destroy_state(Pointer state);

  /** Builds a solver from a serialised SolverParameter; what the state held before is freed. */
  void load_solver_from_protobuf(Pointer state, Pointer solver_param, int solver_param_len);

  /** Builds a net from a serialised NetParameter in its own phase (default TEST). */
  void load_net_from_protobuf(Pointer state, Pointer net_param, int net_param_len);

  /** 0: done; -1: there is no layer of that index; -2: it is not a JavaData layer. */
  int set_train_data_callback(Pointer state, int layer_idx, java_callback_t callback);

  /** As {@link #set_train_data_callback}, for the first test net. */
  int set_test_data_callback(Pointer state, int layer_idx, java_callback_t callback);

  void forward(Pointer state);

  /** Parameter gradients accumulate. */
  void backward(Pointer state);

  /** Runs training iterations; returns 0. */
  int solver_step(Pointer state, int step);

  /** Runs the first test net; the scores are sums over the passes, one per output element. */
  void solver_test(Pointer state, int num_steps);

  int num_test_scores(Pointer state);

  float get_test_score(Pointer state, int test_score_layer_idx);

  int num_layers(Pointer state);

  String layer_name(Pointer state, int layer_idx);

  int num_layer_weights(Pointer state, int layer_idx);

  int num_data_blobs(Pointer state);

  Pointer get_data_blob(Pointer state, int blob_idx);

  String get_data_blob_name(Pointer state, int blob_idx);

  Pointer get_weight_blob(Pointer state, int layer_idx, int weight_idx);

  /** The blob's own values, writable. */
  Pointer get_data(Pointer blob);

  /** The blob's own gradients, writable. */
  Pointer get_diff(Pointer blob);

  int get_num_axes(Pointer blob);

  /** Extent of an axis; a negative one counts from the end. */
  int get_axis_shape(Pointer blob, int axis);

  void set_mode_cpu();

  /** Without a GPU the CPU goes on working, with one warning per process. */
  void set_mode_gpu();

  void set_device(int gpu_id);

  void load_weights_from_file(Pointer state, String filename);

  void restore_solver_from_file(Pointer state, String filename);

  /** Reads a prototxt into the state's buffer. True; a file that cannot be read is thrown. */
  boolean parse_net_prototxt(Pointer state, String filename);

  /** As {@link #parse_net_prototxt}, for a solver. */
  boolean parse_solver_prototxt(Pointer state, String filename);

  int get_prototxt_len(Pointer state);

  /** The bytes of the last message parsed, valid until the next one or the state's end. */
  Pointer get_prototxt_data(Pointer state);
}
