/* The C API of SparkNet's engine: the only door to libccaffe.so.
 *
 * Conventions
 *  - Every function returns a status, CCAFFE_OK (0) or one of the codes below,
 *    except ccaffe_version and ccaffe_last_error. Nothing aborts the process and
 *    no C++ exception leaves the library.
 *  - After a failure ccaffe_last_error() tells on the same thread what happened
 *    and names the file, layer, blob or field at fault. Out-parameters are then
 *    left as they were.
 *  - Handles are opaque. Those from *_create, *_open, ccaffe_spec_* and *_layout belong to
 *    the caller and are freed with the matching *_destroy. Handles that are lent
 *    (nets of a solver, blobs of a net) die with their owner. A handle that is not
 *    alive is refused with CCAFFE_INVALID_HANDLE, not followed.
 *  - Strings are UTF-8 and zero-terminated. `const char*` results live as long as
 *    the handle they came from, unless another lifetime is given.
 *  - Threads: calls on one solver or net (lent handles included) are serialised by
 *    a lock; different ones run in parallel. Callbacks and Python layers run on the
 *    thread that called step, test, forward, backward or reshape. They may call back
 *    to read the net, its solver and their blobs, and to write values of blobs
 *    (ccaffe_blob_write, ccaffe_blob_pointer); whatever would change, run or destroy
 *    what is running is refused with CCAFFE_STATE.
 *  - Values are float32; blobs are dense, outermost axis first (N, C, H, W).
 */
#ifndef CCAFFE_H_
#define CCAFFE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status codes -------------------------------------------------------- */

typedef int32_t ccaffe_status;

enum {
  CCAFFE_OK = 0,
  CCAFFE_INVALID_ARGUMENT = 1, /* null pointer, index out of range, bad size */
  CCAFFE_INVALID_HANDLE = 2,   /* destroyed or foreign handle */
  CCAFFE_IO = 3,               /* a file cannot be opened, read or written */
  CCAFFE_PARSE = 4,            /* malformed prototxt or protobuf */
  CCAFFE_BAD_NET = 5,          /* net or solver breaks a rule: type, bottom, field */
  CCAFFE_SHAPE = 6,            /* shapes or counts do not agree */
  CCAFFE_UNSUPPORTED = 7,      /* known to Caffe, not available here */
  CCAFFE_STATE = 8,            /* call out of order, e.g. test without a test net */
  CCAFFE_CALLBACK = 9,         /* a data callback reported failure or none is set */
  CCAFFE_NUMERIC = 10,         /* loss or label not usable: NaN, out of range */
  CCAFFE_OUT_OF_MEMORY = 11,
  CCAFFE_INTERNAL = 12 /* a bug in SparkNet */
};

/* ---- handles and callbacks ------------------------------------------------ */

typedef struct ccaffe_buffer ccaffe_buffer;
typedef struct ccaffe_net ccaffe_net;
typedef struct ccaffe_solver ccaffe_solver;
typedef struct ccaffe_blob ccaffe_blob;
typedef struct ccaffe_memory ccaffe_memory;
typedef struct ccaffe_neighbour ccaffe_neighbour;

/* Fills one JavaData layer. data: batch * product(shape) floats, row-major;
 * shape: the num_dims extents after the batch. Return 0, or any other value to
 * fail the running call with CCAFFE_CALLBACK. */
typedef int32_t (*ccaffe_data_callback)(void* context, float* data, int32_t batch, int32_t num_dims,
                                        const int32_t* shape);

/* Fills all JavaData layers of a net at once, before its first layer runs.
 * tops[i] has room for counts[i] floats; order is that of the layers. Returns as
 * above. */
typedef int32_t (*ccaffe_feed_callback)(void* context, int32_t num_tops, float* const* tops,
                                        const int64_t* counts);

/* Takes a warning of the engine's, one line of UTF-8 without level and time, which is valid during
 * the call. Called on the thread that warns, mostly that of the call which it is about; it may be
 * called by several threads at a time. */
typedef void (*ccaffe_warning_callback)(void* context, const char* text);

/* ---- library ---------------------------------------------------------------- */

/* Version of the library, equal to that of the jar. Static storage. */
const char* ccaffe_version(void);

/* Message of the last failed call on this thread, "" if there was none. Valid
 * until the next failing call on this thread. */
const char* ccaffe_last_error(void);

/* Appends the log (display lines, warnings) to a file; NULL: back to stderr.
 * min_level: 0 info, 1 warning, 2 error, 3 nothing. May be called again. */
ccaffe_status ccaffe_log_to(const char* filename, int32_t min_level);

/* Has warnings told to a callback in place of stderr, those that min_level above lets through; a
 * log file has them, too. NULL: back to stderr. The callback must outlive the library's use; one
 * that another has replaced may still be running. */
ccaffe_status ccaffe_set_warning_callback(ccaffe_warning_callback callback, void* context);

/* Changes the process's working directory, against which Caffe resolves the
 * paths in prototxts. */
ccaffe_status ccaffe_set_working_directory(const char* path);

/* How many threads a net computes with if it is created with 0: as many as the machine has cores.
 */
ccaffe_status ccaffe_default_threads(int32_t* threads);

/* Asks for GPU (1) or CPU (0) mode. Without a GPU build: CPU, and one warning per
 * process. */
ccaffe_status ccaffe_set_gpu_mode(int32_t gpu);
ccaffe_status ccaffe_set_device(int32_t device);

/* Registered layer type names, sorted, one per line. */
ccaffe_status ccaffe_layer_types(ccaffe_buffer** names);

/* Content of a buffer. data stays valid until ccaffe_buffer_destroy; it is
 * followed by a zero byte that size does not count. */
ccaffe_status ccaffe_buffer_content(const ccaffe_buffer* buffer, const char** data, size_t* size);
ccaffe_status ccaffe_buffer_destroy(ccaffe_buffer* buffer);

/* ---- spec: prototxt and protobuf ------------------------------------------ */

enum { CCAFFE_SPEC_NET = 0, CCAFFE_SPEC_SOLVER = 1 };

/* Parses a prototxt file / text of `size` bytes into a serialised NetParameter or
 * SolverParameter, old forms upgraded. `name` is used in error messages. */
ccaffe_status ccaffe_spec_from_file(int32_t kind, const char* filename, ccaffe_buffer** message);
ccaffe_status ccaffe_spec_from_text(int32_t kind, const char* text, size_t size, const char* name,
                                    ccaffe_buffer** message);

/* The prototxt text of a serialised message. */
ccaffe_status ccaffe_spec_to_text(int32_t kind, const void* message, size_t size,
                                  ccaffe_buffer** text);

/* ---- net --------------------------------------------------------------------- */

enum { CCAFFE_PHASE_TRAIN = 0, CCAFFE_PHASE_TEST = 1, CCAFFE_PHASE_OF_NET = -1 };

/* Builds a net from a serialised NetParameter. phase: CCAFFE_PHASE_OF_NET takes
 * the phase of the message's own state (default TEST). threads: how many it computes with (at most
 * 4096); 0: as many as the machine has cores. seed: of its generator; below 0: from the system. */
ccaffe_status ccaffe_net_create(const void* net_param, size_t size, int32_t phase, int32_t threads,
                                int64_t seed, ccaffe_net** net);
/* Destroys a net from ccaffe_net_create; lent nets are refused. */
ccaffe_status ccaffe_net_destroy(ccaffe_net* net);

/* The net as built, a serialised NetParameter: layers after filtering and Split
 * insertion, each with name, type, bottoms, tops and the shapes of its parameter
 * blobs (`blobs { shape }`, no values); `input` lists the net's inputs in order. */
ccaffe_status ccaffe_net_describe(ccaffe_net* net, ccaffe_buffer** net_param);

/* How passes of the whole net run, as the engine has planned it for the inputs' shapes: lines of
 * fields between tabs. "step", the back end that does its arithmetic (empty: loops of the layer's
 * own), name and type of each layer that runs in it; after a step, for each of its tops, "top",
 * blob, format of its values in memory, bytes of data and diff that are held now, a number for
 * their memory (equal: the same), extents; at the end "net", bytes of all values and gradients,
 * bytes of parameters and theirs, conversions between formats since the net was made, steps that
 * fast back ends have refused. */
ccaffe_status ccaffe_net_plan(ccaffe_net* net, ccaffe_buffer** plan);

/* Layers first..last (negative: first 0, last the final layer). loss may be NULL.
 * backward adds to parameter gradients. */
ccaffe_status ccaffe_net_forward(ccaffe_net* net, int32_t first, int32_t last, float* loss);
ccaffe_status ccaffe_net_backward(ccaffe_net* net, int32_t last, int32_t first);
ccaffe_status ccaffe_net_clear_gradients(ccaffe_net* net);
/* Whether blobs have their gradients after a backward pass (1, as at first). With 0 those of
 * activations share memory, and reading one is CCAFFE_STATE; those of parameters stay, and so do
 * those that ccaffe_blob_pointer has handed out. */
ccaffe_status ccaffe_net_keep_gradients(ccaffe_net* net, int32_t keep);
/* Which blobs, by index, have their values after a pass of the whole net. Outputs do in any case,
 * and so do those whose memory ccaffe_blob_pointer has handed out; others may be left out where
 * that saves time or memory, and reading one is CCAFFE_STATE then, as is a backward pass of a net
 * of the TEST phase. Negative count: all are kept, as at first. The next pass has to be forward. */
ccaffe_status ccaffe_net_keep_values(ccaffe_net* net, const int32_t* blobs, int32_t count);
/* Propagates changed input shapes through the net. */
ccaffe_status ccaffe_net_reshape(ccaffe_net* net);

/* Blobs (activations), in order of first appearance as a top. */
ccaffe_status ccaffe_net_num_blobs(ccaffe_net* net, int32_t* count);
ccaffe_status ccaffe_net_blob(ccaffe_net* net, int32_t index, ccaffe_blob** blob);
ccaffe_status ccaffe_net_blob_name(ccaffe_net* net, int32_t index, const char** name);
/* Blob indices of the outputs, in alphabetical name order, which is also the order
 * of test scores. indices may be NULL; at most `capacity` are written. */
ccaffe_status ccaffe_net_outputs(ccaffe_net* net, int32_t* indices, int32_t capacity,
                                 int32_t* count);

/* Layers, in order, inserted Splits included. */
ccaffe_status ccaffe_net_num_layers(ccaffe_net* net, int32_t* count);
ccaffe_status ccaffe_net_layer_name(ccaffe_net* net, int32_t layer, const char** name);
ccaffe_status ccaffe_net_num_params(ccaffe_net* net, int32_t layer, int32_t* count);
ccaffe_status ccaffe_net_param(ccaffe_net* net, int32_t layer, int32_t index, ccaffe_blob** blob);

/* Loads weights by layer name from a .caffemodel, binary or HDF5. Layers that are only in
 * the file or only in the net are passed over; report (may be NULL) gets one line that
 * says so, as "w.caffemodel: took 14 of 16 layers; not in the file: fc8". Refused, with
 * nothing changed: a file without any of the net's layers or with another shape
 * (CCAFFE_SHAPE), with values that are not finite (CCAFFE_NUMERIC), or that does not
 * match its checksum (CCAFFE_PARSE). */
ccaffe_status ccaffe_net_load(ccaffe_net* net, const char* filename, ccaffe_buffer** report);
/* Writes a .caffemodel, with a checksum that Caffe ignores, in HDF5 if its name ends in
 * .h5. */
ccaffe_status ccaffe_net_save(ccaffe_net* net, const char* filename);

/* ---- blobs ---------------------------------------------------------------------- */

enum { CCAFFE_DATA = 0, CCAFFE_DIFF = 1 };

/* Some blobs share their memory: tops of Split, Flatten and Reshape with their bottom.
 * When one of them has been reshaped, the values of the others are refused with
 * CCAFFE_STATE until the net has been reshaped, by ccaffe_net_reshape or a forward pass. */

/* Extents of a blob. dims may be NULL; at most `capacity` are written. */
ccaffe_status ccaffe_blob_shape(ccaffe_blob* blob, int64_t* dims, int32_t capacity,
                                int32_t* num_axes);
/* Reshapes a blob; meant for net inputs, followed by ccaffe_net_reshape. */
ccaffe_status ccaffe_blob_reshape(ccaffe_blob* blob, const int64_t* dims, int32_t num_axes);

/* The blob's own values (part: CCAFFE_DATA or CCAFFE_DIFF), writable. From then on
 * this memory is the truth for the blob: the engine reads it and writes it in
 * plain order. Valid until the blob grows or its net dies. */
ccaffe_status ccaffe_blob_pointer(ccaffe_blob* blob, int32_t part, float** values);

/* Copies the whole blob out of or into the engine; count must be the blob's. */
ccaffe_status ccaffe_blob_read(ccaffe_blob* blob, int32_t part, float* values, int64_t count);
ccaffe_status ccaffe_blob_write(ccaffe_blob* blob, int32_t part, const float* values,
                                int64_t count);

/* ---- data ---------------------------------------------------------------------- */

/* Sets the callback of one JavaData layer (NULL removes it). The function pointer
 * and context must outlive the net or be replaced first. */
ccaffe_status ccaffe_net_set_data_callback(ccaffe_net* net, int32_t layer,
                                           ccaffe_data_callback callback, void* context);
/* Sets the bulk callback of all JavaData layers; it goes before callbacks of
 * single layers. NULL removes it. */
ccaffe_status ccaffe_net_set_feed(ccaffe_net* net, ccaffe_feed_callback callback, void* context);
/* Number of items that each JavaData layer takes per forward pass. */
ccaffe_status ccaffe_net_set_batch_size(ccaffe_net* net, int32_t batch);
/* The JavaData layers' top shapes, one "name dim dim ...\n" line each. */
ccaffe_status ccaffe_net_feed_shapes(ccaffe_net* net, ccaffe_buffer** shapes);

/* Gives a MemoryData layer the items that it goes through from now on, batch_size per forward
 * pass and over again after the last; they are copied. data_count: label_count times channels *
 * height * width; label_count: a positive multiple of batch_size. */
ccaffe_status ccaffe_net_set_memory_data(ccaffe_net* net, int32_t layer, const float* data,
                                         int64_t data_count, const float* labels,
                                         int64_t label_count);

/* ---- python: layers of type Python ----------------------------------------------- */

enum {
  CCAFFE_PYTHON_SETUP = 0,
  CCAFFE_PYTHON_RESHAPE = 1,
  CCAFFE_PYTHON_FORWARD = 2,
  CCAFFE_PYTHON_BACKWARD = 3,
  CCAFFE_PYTHON_DESTROY = 4
};

/* Runs one step of a layer of type Python: setup once, reshape then and before every
 * forward, destroy when the net goes (without blobs; its status is ignored).
 * layer: the same number in all calls for one layer, not used twice in a process.
 * param: its LayerParameter, serialised, phase set. bottoms, tops: lent until the
 * layer is destroyed; tops may be reshaped. propagate_down: for backward, 1 for each
 * bottom whose diff is wanted. Return 0, or any other value to fail the running call
 * with CCAFFE_CALLBACK and the text in message (UTF-8, `capacity` bytes with its zero).
 * The layer's parameters are those that setup adds with ccaffe_python_add_param. */
typedef int32_t (*ccaffe_python_layer)(void* context, int32_t step, int64_t layer,
                                       const void* param, size_t param_size, int32_t num_bottoms,
                                       ccaffe_blob* const* bottoms, int32_t num_tops,
                                       ccaffe_blob* const* tops, const int32_t* propagate_down,
                                       char* message, size_t capacity);

/* Sets what runs layers of type Python in nets created from now on in this process; NULL:
 * such nets are refused with CCAFFE_UNSUPPORTED. It must outlive the nets. */
ccaffe_status ccaffe_set_python_layer(ccaffe_python_layer callback, void* context);

/* Adds a parameter blob of zeros to a layer of type Python whose setup runs on this thread;
 * CCAFFE_STATE for any other. Setup may fill it; values that the LayerParameter brings replace
 * those. blob: lent until the layer is destroyed. Backward adds to its diff. After setup a net may
 * give it the memory of another parameter, of the same name or of the train net; pointers from
 * setup then stay valid, but nobody reads what they point to: ask again in each step. */
ccaffe_status ccaffe_python_add_param(int64_t layer, const int64_t* dims, int32_t num_axes,
                                      ccaffe_blob** blob);

/* ---- weights: all learnable values of a net as one flat array --------------------- */

/* Layout: a serialised NetParameter with one `layer` per layer that owns
 * parameters (name, type, `blobs { shape }`); blobs follow each other without gaps
 * in this order. Blobs shared by name appear once, at their owner. */
ccaffe_status ccaffe_net_weights_layout(ccaffe_net* net, ccaffe_buffer** net_param);
ccaffe_status ccaffe_net_weights_count(ccaffe_net* net, int64_t* count);
ccaffe_status ccaffe_net_read_weights(ccaffe_net* net, float* values, int64_t count);
ccaffe_status ccaffe_net_write_weights(ccaffe_net* net, const float* values, int64_t count);

/* The functions below work on memory of the caller's, on the calling thread.
 *
 * mean[i] = (weights[0] * vectors[0][i] + ...) / (weights[0] + ...): in double precision and in
 * this order, rounded once. count: of vectors, each of `size` values. bf16: 0 for floats, 1 for
 * bfloat16, the upper 16 bits of a float. mean may be one of the vectors. */
ccaffe_status ccaffe_mean(const void* const* vectors, const double* weights, int32_t count,
                          int32_t bf16, void* mean, int64_t size);

/* differences[i] = values[i] - base[i] as bfloat16, rounded to nearest, ties to even. */
ccaffe_status ccaffe_differ(const float* values, const float* base, void* differences,
                            int64_t size);

/* values[i] += differences[i], which are bfloat16. */
ccaffe_status ccaffe_add_differences(const void* differences, float* values, int64_t size);

/* finite: 1 if no value is infinite or not a number, else 0. */
ccaffe_status ccaffe_all_finite(const float* values, int64_t size, int32_t* finite);

/* ---- memory that processes of one machine share ------------------------------------ */

/* So many bytes, zeros at first, which other processes of this user on this machine may read.
 * They go with the process, whatever ends it. */
ccaffe_status ccaffe_memory_create(int64_t bytes, ccaffe_memory** memory);
ccaffe_status ccaffe_memory_destroy(ccaffe_memory* memory);
/* Where the bytes are, from the start of a page on, and the name by which others find them: ""
 * where the system does not let memory be shared. Both live as long as the handle. */
ccaffe_status ccaffe_memory_data(ccaffe_memory* memory, void** data, const char** name);
/* Says that the content stays as it is until the next call, and gives it a number, which no other
 * content of this memory has had; 0: it changes. */
ccaffe_status ccaffe_memory_show(ccaffe_memory* memory, int64_t number);

/* Memory of a process, by its name. CCAFFE_IO: it is not there, or not for this process to read. */
ccaffe_status ccaffe_neighbour_open(const char* name, ccaffe_neighbour** neighbour);
ccaffe_status ccaffe_neighbour_destroy(ccaffe_neighbour* neighbour);
/* Copies bytes of the content with this number. CCAFFE_STATE: it is not there, or has changed while
 * it was copied; `into` is then undefined. */
ccaffe_status ccaffe_neighbour_read(ccaffe_neighbour* neighbour, int64_t number, int64_t from,
                                    void* into, int64_t bytes);

/* ---- solver ------------------------------------------------------------------------- */

/* Builds solver, train net and test nets from a serialised SolverParameter. */
ccaffe_status ccaffe_solver_create(const void* solver_param, size_t size, int32_t threads,
                                   ccaffe_solver** solver);
ccaffe_status ccaffe_solver_destroy(ccaffe_solver* solver);

/* Lends the train net / a test net. */
ccaffe_status ccaffe_solver_net(ccaffe_solver* solver, ccaffe_net** net);
ccaffe_status ccaffe_solver_num_test_nets(ccaffe_solver* solver, int32_t* count);
ccaffe_status ccaffe_solver_test_net(ccaffe_solver* solver, int32_t index, ccaffe_net** net);

/* Runs `iterations` training iterations. If one fails, the
 * parameters, running statistics too, stay as they were before that iteration. loss (may
 * be NULL) gets the smoothed loss (average_loss). Periodic tests of the prototxt run only if
 * ccaffe_solver_set_auto_test turned them on. */
ccaffe_status ccaffe_solver_step(ccaffe_solver* solver, int32_t iterations, float* loss);
ccaffe_status ccaffe_solver_set_auto_test(ccaffe_solver* solver, int32_t on);

/* Shares the train net's weights with a test net, runs `batches` forward passes
 * and sums every output element; count sums are kept until the next test. */
ccaffe_status ccaffe_solver_test(ccaffe_solver* solver, int32_t test_net, int32_t batches);
ccaffe_status ccaffe_solver_scores(ccaffe_solver* solver, const float** sums, int32_t* count);

/* Counter of applied updates, on which lr policies depend. */
ccaffe_status ccaffe_solver_iteration(ccaffe_solver* solver, int32_t* iteration);
ccaffe_status ccaffe_solver_set_iteration(ccaffe_solver* solver, int32_t iteration);
/* Starts the generators of the train net and of each test net anew: dropout masks, noise of
 * DummyData, crops, mirrors and shuffles depend on the seed from now on, and not on what was drawn
 * before. Each net draws by itself: the train net from seed, test net i from seed + 1 + i.
 * Weights, history and counter stay. seed < 0: CCAFFE_INVALID_ARGUMENT.
 * Layers that read files keep their place in them and the order they have shuffled them into;
 * Data, ImageData and WindowData also the batch that they have read ahead. What a Python layer
 * draws is its own affair. */
ccaffe_status ccaffe_solver_set_seed(ccaffe_solver* solver, int64_t seed);
/* Learning rate of the next update (base rate, without lr_mult). */
ccaffe_status ccaffe_solver_learning_rate(ccaffe_solver* solver, float* rate);
/* Sets it for all updates from now on, in place of the lr policy: a finite number of at least 0,
 * else CCAFFE_INVALID_ARGUMENT. NULL: the policy's again, at the current counter. */
ccaffe_status ccaffe_solver_set_learning_rate(ccaffe_solver* solver, const float* rate);

/* Momentum and other history as one flat array: for each bank, all parameters in
 * weights order. */
ccaffe_status ccaffe_solver_history_count(ccaffe_solver* solver, int64_t* count);
ccaffe_status ccaffe_solver_read_history(ccaffe_solver* solver, float* values, int64_t count);
ccaffe_status ccaffe_solver_write_history(ccaffe_solver* solver, const float* values,
                                          int64_t count);

/* Writes <prefix>_iter_<t>.caffemodel and .solverstate (prefix NULL: that of the
 * prototxt); files (may be NULL) gets both paths, one per line. With snapshot_format
 * HDF5 both end in .h5. Written beside and renamed when both are complete and on the
 * disk, so an existing snapshot is never lost. The state knows the weights' checksum. */
ccaffe_status ccaffe_solver_snapshot(ccaffe_solver* solver, const char* prefix,
                                     ccaffe_buffer** files);
/* From a .solverstate, or a .solverstate.h5, and the .caffemodel that was written with
 * it. Refused as by ccaffe_net_load, with nothing changed, and also if the file lacks one
 * of the net's layers or is not the one of that state. report: as there. */
ccaffe_status ccaffe_solver_restore(ccaffe_solver* solver, const char* filename,
                                    ccaffe_buffer** report);

/* ---- images --------------------------------------------------------------------------- */

/* Height and width of a JPEG, from its header alone. CCAFFE_PARSE: it is none. */
ccaffe_status ccaffe_image_size(const void* encoded, size_t size, int32_t* height, int32_t* width);

/* Decodes a JPEG (grey, colour, CMYK or YCCK) and resizes it to exactly height x width with a
 * triangle filter; its aspect ratio is not kept. planes: room for 3 * height * width bytes, red,
 * green, blue, each by rows. CCAFFE_PARSE: it cannot be decoded, or is cut short; planes is then
 * undefined. */
ccaffe_status ccaffe_image_decode(const void* encoded, size_t size, int32_t height, int32_t width,
                                  uint8_t* planes);

/* Turns items of bytes into the floats of a minibatch:
 *   values[n][c][y][x] = (items[n][c][top + y][left + x'] - mean[c][top + y][left + x']) * scale
 * with x' = x, or crop_width - 1 - x where the item is mirrored (Caffe's DataTransformer).
 * shape: channels, height, width of an item; crop: height, width of the result. places: top, left
 * and mirror (0 or 1) of each item; NULL: the centre, not mirrored. mean: of an item's shape;
 * NULL: none. values: room for count * channels * crop_height * crop_width floats. Runs on the
 * calling thread. */
ccaffe_status ccaffe_image_fill(const uint8_t* items, int32_t count, const int32_t* shape,
                                const int32_t* crop, const int32_t* places, const float* mean,
                                float scale, float* values);

#ifdef __cplusplus
}
#endif

#endif /* CCAFFE_H_ */
