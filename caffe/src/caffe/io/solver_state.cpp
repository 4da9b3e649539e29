// Solver states, in Caffe's binary form and in HDF5.
#include <climits>

#include "caffe/error.hpp"
#include "caffe/io.hpp"
#include "caffe/io/checksum.hpp"
#include "caffe/io/hdf5_file.hpp"
#include "caffe/io/new_file.hpp"

namespace caffe {
namespace {

// 'iter' and 'current_step' are arrays of length 1.
int read_int(const Hdf5File& file, const std::string& name) {
  int64_t value = 0;
  file.read(name, 1, &value);
  require(value >= 0 && value <= INT_MAX, Code::kParse, "'", name, "' is ", value,
          ", which is not in 0..", INT_MAX);
  return static_cast<int>(value);
}

// `room`: bytes that the file may still hold.
void read_blob(const Hdf5File& file, const std::string& path, double* room, BlobProto* blob) {
  const Shape shape = file.shape(path);
  const int64_t values = product(shape);
  *room -= static_cast<double>(values);
  require(*room >= 0 && values <= INT_MAX, Code::kParse, "dataset '", path, "' has ", values,
          " values, too many for this file");
  for (int64_t extent : shape) blob->mutable_shape()->add_dim(extent);
  blob->mutable_shape();  // also a scalar has a shape, of no axes
  blob->mutable_data()->Resize(static_cast<int>(values), 0);
  file.read(path, values, blob->mutable_data()->mutable_data());
}

void write_blob(Hdf5File* file, const std::string& path, const BlobProto& blob) {
  const Shape shape(blob.shape().dim().begin(), blob.shape().dim().end());
  if (blob.double_data_size() > 0) {
    file->write(path, shape, blob.double_data().data());
  } else {
    file->write(path, shape, blob.data().data());
  }
}

void read_hdf5(const std::string& filename, SolverState* state) {
  check_appended(filename);
  const Hdf5File file = Hdf5File::open(filename);
  state->set_iter(read_int(file, "iter"));
  state->set_current_step(read_int(file, "current_step"));
  if (file.exists("learned_net")) state->set_learned_net(file.read_string("learned_net"));
  if (file.exists("learned_net_checksum")) {
    int64_t checksum = 0;
    file.read("learned_net_checksum", 1, &checksum);
    state->set_learned_net_checksum(static_cast<uint32_t>(checksum));
  }
  const int64_t blobs = file.count("history");
  double room = file.room();
  for (int64_t i = 0; i < blobs; ++i) {
    read_blob(file, cat("history/", i), &room, state->add_history());
  }
}

void write_hdf5(const NewFile& place, const SolverState& state) {
  Hdf5File file = Hdf5File::create(place.path(), place.filename());
  const int iter = state.iter(), current_step = state.current_step();
  file.write("iter", {1}, &iter);
  file.write_string("learned_net", state.learned_net());
  file.write("current_step", {1}, &current_step);
  if (state.has_learned_net_checksum()) {
    const int64_t checksum = state.learned_net_checksum();
    file.write("learned_net_checksum", {1}, &checksum);
  }
  file.make_group("history");
  for (int i = 0; i < state.history_size(); ++i) {
    write_blob(&file, cat("history/", i), state.history(i));
  }
  file.close();
  append_checksum(place.path(), place.filename());
}

}  // namespace

bool is_hdf5_name(const std::string& filename) {
  return filename.size() > 3 && filename.compare(filename.size() - 3, 3, ".h5") == 0;
}

void read_solver_state(const std::string& filename, SolverState* state) {
  state->Clear();
  if (is_hdf5_name(filename)) {
    read_hdf5(filename, state);
  } else {
    read_binary_file(filename, state);
  }
}

void write_solver_state(const NewFile& place, const SolverState& state) {
  if (is_hdf5_name(place.filename())) {
    write_hdf5(place, state);
  } else {
    write_binary_file(place, state);
  }
}

void write_solver_state(const std::string& filename, const SolverState& state) {
  NewFile place(filename);
  write_solver_state(place, state);
  place.commit();
}

}  // namespace caffe
