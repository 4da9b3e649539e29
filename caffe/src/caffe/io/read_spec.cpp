// Nets and solvers from prototxt files.
#include <sys/stat.h>

#include "caffe/io.hpp"

namespace caffe {
namespace {

// "dir/solver.prototxt" -> "dir/solver".
std::string without_extension(const std::string& path) {
  const size_t dot = path.rfind('.');
  const size_t slash = path.rfind('/');
  const bool has_one = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return has_one ? path.substr(0, dot) : path;
}

bool is_directory(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

void read_net_file(const std::string& filename, NetParameter* net) {
  read_text_file(filename, net);
  upgrade_net(net, filename);
}

void read_solver_file(const std::string& filename, SolverParameter* solver) {
  read_text_file(filename, solver);
  upgrade_solver(solver, filename);
  const std::string stem = without_extension(filename);
  if (!solver->has_snapshot_prefix()) {
    solver->set_snapshot_prefix(stem);
  } else if (is_directory(solver->snapshot_prefix())) {
    solver->set_snapshot_prefix(solver->snapshot_prefix() + "/" + stem.substr(stem.rfind('/') + 1));
  }
}

}  // namespace caffe
