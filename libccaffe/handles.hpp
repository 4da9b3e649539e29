// Handles: numbers that stand for live objects. They are looked up, never followed, so a
// dead or foreign one is refused; numbers are not used twice.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "caffe/shared_memory.hpp"
#include "caffe/solver.hpp"
#include "caffe/threads.hpp"
#include "guard.hpp"

namespace ccaffe {

using Net = caffe::Net<float>;
using Solver = caffe::Solver<float>;
using Blob = caffe::Blob<float>;

// A net or solver with all that it lends, behind one lock. Callbacks may call back into
// it, hence the lock is recursive.
struct Owner {
  std::recursive_mutex mutex;
  bool alive = true;
  bool running = false;      // a call that runs callbacks and Python layers
  std::unique_ptr<Net> net;  // from ccaffe_net_create
  std::unique_ptr<Solver> solver;
  std::map<const void*, const void*> lent;  // handles by net or blob
  // What ccaffe_blob_pointer gave out: sharing may have taken it from its blob since.
  std::set<std::shared_ptr<caffe::Storage<float>>> given_out;
  bool shapes_tops = false;  // of a Lender
};

// Throws kState while a call runs on the owner.
void check_idle(const Owner& owner);

// Holds an owner's lock for the length of a call. The owner lives at least as long.
template <typename Object>
struct Locked {
  std::shared_ptr<Owner> owner;
  std::unique_lock<std::recursive_mutex> lock;
  Object* object;

  Object* operator->() const { return object; }
  Object& operator*() const { return *object; }
};

// As Locked; until it ends, callbacks may read the owner and no more.
template <typename Object>
class Running {
 public:
  explicit Running(Locked<Object> locked) : locked_(std::move(locked)) {
    locked_.owner->running = true;
  }
  ~Running() { locked_.owner->running = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Object* operator->() const { return locked_.object; }

 private:
  Locked<Object> locked_;
};

// What may become of a blob's shape.
enum class Reshaping {
  kAllowed,   // an activation
  kOfLayer,   // a parameter
  kOfBottom,  // what a Python layer reads: another layer shapes it
  kOfTop,     // what a Python layer writes: while one of its steps says so
};

struct BlobEntry {
  std::shared_ptr<Blob> blob;
  std::string name;
  Reshaping reshaping = Reshaping::kAllowed;
  int threads = 1;
};

// For calls that callbacks may make: those that read, or change values of a blob alone. Throw
// kInvalidArgument for null and kInvalidHandle for a handle that is not alive.
Locked<Net> lock(const ccaffe_net* net);
Locked<Solver> lock(const ccaffe_solver* solver);
Locked<const BlobEntry> lock(const ccaffe_blob* blob);

// For all others. Throws kState while a call runs on this net or solver, of whose callbacks or
// Python layers this must be one.
template <typename Handle>
auto lock_idle(const Handle* handle) {
  auto locked = lock(handle);
  check_idle(*locked.owner);
  return locked;
}

// For those that run callbacks or Python layers.
template <typename Handle>
auto lock_running(const Handle* handle) {
  return Running(lock_idle(handle));
}

ccaffe_net* add_net(std::unique_ptr<Net> net);
ccaffe_solver* add_solver(std::unique_ptr<Solver> solver);
ccaffe_buffer* add_buffer(std::string content);
ccaffe_memory* add_memory(std::shared_ptr<caffe::SharedMemory> memory);
ccaffe_neighbour* add_neighbour(std::shared_ptr<caffe::NeighbourMemory> neighbour);
// The same object gets the same handle again.
ccaffe_net* lend_net(const Locked<Solver>& solver, Net* net);
ccaffe_blob* lend_blob(const Locked<Net>& net, BlobEntry entry);

// Lends blobs that somebody else owns; their handles die with it.
class Lender {
 public:
  Lender() : owner_(std::make_shared<Owner>()) {}
  ~Lender();
  Lender(const Lender&) = delete;
  Lender& operator=(const Lender&) = delete;
  // The same blob gets the same handle again.
  ccaffe_blob* lend(BlobEntry entry);
  // Whether blobs lent as kOfTop may be reshaped now.
  void shape_tops(bool on);

 private:
  std::shared_ptr<Owner> owner_;
};

// What has one of these lives until it lets go, whatever becomes of the handle.
std::shared_ptr<const std::string> content(const ccaffe_buffer* buffer);
std::shared_ptr<caffe::SharedMemory> shared(const ccaffe_memory* memory);
std::shared_ptr<caffe::NeighbourMemory> shared(const ccaffe_neighbour* neighbour);

// Kill the handle and those it has lent; wait for a call that is running elsewhere.
void destroy(ccaffe_net* net);
void destroy(ccaffe_solver* solver);
void destroy(ccaffe_buffer* buffer);
void destroy(ccaffe_memory* memory);
void destroy(ccaffe_neighbour* neighbour);

}  // namespace ccaffe
