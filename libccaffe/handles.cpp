#include "handles.hpp"

#include <unordered_map>
#include <utility>

namespace ccaffe {
namespace {

using caffe::Code;
using caffe::fail;
using caffe::require;

enum class Kind { kBuffer, kNet, kSolver, kBlob, kMemory, kNeighbour };

struct Entry {
  Kind kind;
  std::shared_ptr<Owner> owner;  // of nets, solvers and blobs
  Net* net = nullptr;
  bool lent = false;
  std::shared_ptr<const BlobEntry> blob;
  std::shared_ptr<void> value;  // of buffers and memory, which have no owner
};

struct Registry {
  std::mutex mutex;
  std::unordered_map<const void*, Entry> entries;
  uintptr_t next = 4096;

  const void* add(Entry entry) {
    const std::lock_guard<std::mutex> guard(mutex);
    const void* handle = reinterpret_cast<const void*>(next += 16);
    entries.emplace(handle, std::move(entry));
    return handle;
  }

  Entry find(const void* handle, Kind kind, const char* what) {
    require(handle != nullptr, Code::kInvalidArgument, what, " is null");
    const std::lock_guard<std::mutex> guard(mutex);
    const auto found = entries.find(handle);
    require(found != entries.end() && found->second.kind == kind, Code::kInvalidHandle,
            "the handle is not that of a live ", what);
    return found->second;
  }

  // Forgets a handle and those that its owner has lent.
  void remove(const void* handle, Owner* owner) {
    const std::lock_guard<std::mutex> guard(mutex);
    entries.erase(handle);
    if (owner == nullptr) return;
    for (const auto& lent : owner->lent) entries.erase(lent.second);
  }
};

// Never destroyed: the JVM may still call while the process ends.
Registry& registry() {
  static Registry* registry = new Registry;
  return *registry;
}

std::unique_lock<std::recursive_mutex> lock_owner(const Entry& entry, const char* what) {
  std::unique_lock<std::recursive_mutex> lock(entry.owner->mutex);
  require(entry.owner->alive, Code::kInvalidHandle, "the handle is not that of a live ", what);
  return lock;
}

template <typename Handle>
Handle* as(const void* handle) {
  return static_cast<Handle*>(const_cast<void*>(handle));
}

// A lent handle for `object`, made on first demand.
const void* lend(const std::shared_ptr<Owner>& owner, const void* object, Entry entry) {
  const void*& handle = owner->lent[object];
  if (handle == nullptr) handle = registry().add(std::move(entry));
  return handle;
}

const void* add_value(Kind kind, std::shared_ptr<void> value) {
  return registry().add({kind, nullptr, nullptr, false, nullptr, std::move(value)});
}

template <typename Value>
std::shared_ptr<Value> value_of(const void* handle, Kind kind, const char* what) {
  return std::static_pointer_cast<Value>(registry().find(handle, kind, what).value);
}

void destroy_value(const void* handle, Kind kind, const char* what) {
  registry().find(handle, kind, what);
  registry().remove(handle, nullptr);
}

void destroy_owner(const void* handle, const Entry& entry, const char* what) {
  const auto lock = lock_owner(entry, what);
  check_idle(*entry.owner);
  entry.owner->alive = false;
  registry().remove(handle, entry.owner.get());
}

}  // namespace

// Another thread waits for the lock: whoever holds it while the owner runs is called by it.
void check_idle(const Owner& owner) {
  require(!owner.running, Code::kState,
          "a callback or a Python layer of a running net may read it, its solver and their blobs, "
          "and write values of blobs, but not change, run or destroy them");
}

Locked<Net> lock(const ccaffe_net* net) {
  Entry entry = registry().find(net, Kind::kNet, "net");
  auto held = lock_owner(entry, "net");
  return {std::move(entry.owner), std::move(held), entry.net};
}

Locked<Solver> lock(const ccaffe_solver* solver) {
  Entry entry = registry().find(solver, Kind::kSolver, "solver");
  auto held = lock_owner(entry, "solver");
  Solver* object = entry.owner->solver.get();
  return {std::move(entry.owner), std::move(held), object};
}

Locked<const BlobEntry> lock(const ccaffe_blob* blob) {
  Entry entry = registry().find(blob, Kind::kBlob, "blob");
  auto held = lock_owner(entry, "blob");
  // Alive as long as the owner, which `lent` handles die with.
  return {std::move(entry.owner), std::move(held), entry.blob.get()};
}

ccaffe_net* add_net(std::unique_ptr<Net> net) {
  Entry entry{Kind::kNet, std::make_shared<Owner>(), net.get(), false, nullptr, nullptr};
  entry.owner->net = std::move(net);
  return as<ccaffe_net>(registry().add(std::move(entry)));
}

ccaffe_solver* add_solver(std::unique_ptr<Solver> solver) {
  Entry entry{Kind::kSolver, std::make_shared<Owner>(), nullptr, false, nullptr, nullptr};
  entry.owner->solver = std::move(solver);
  return as<ccaffe_solver>(registry().add(std::move(entry)));
}

ccaffe_buffer* add_buffer(std::string content) {
  return as<ccaffe_buffer>(
      add_value(Kind::kBuffer, std::make_shared<std::string>(std::move(content))));
}

ccaffe_memory* add_memory(std::shared_ptr<caffe::SharedMemory> memory) {
  return as<ccaffe_memory>(add_value(Kind::kMemory, std::move(memory)));
}

ccaffe_neighbour* add_neighbour(std::shared_ptr<caffe::NeighbourMemory> neighbour) {
  return as<ccaffe_neighbour>(add_value(Kind::kNeighbour, std::move(neighbour)));
}

ccaffe_net* lend_net(const Locked<Solver>& solver, Net* net) {
  return as<ccaffe_net>(
      lend(solver.owner, net, {Kind::kNet, solver.owner, net, true, nullptr, nullptr}));
}

ccaffe_blob* lend_blob(const Locked<Net>& net, BlobEntry entry) {
  const void* key = entry.blob.get();
  auto shared = std::make_shared<const BlobEntry>(std::move(entry));
  return as<ccaffe_blob>(
      lend(net.owner, key, {Kind::kBlob, net.owner, net.object, true, std::move(shared), nullptr}));
}

Lender::~Lender() {
  const std::lock_guard<std::recursive_mutex> lock(owner_->mutex);
  owner_->alive = false;
  registry().remove(nullptr, owner_.get());
}

ccaffe_blob* Lender::lend(BlobEntry entry) {
  const void* key = entry.blob.get();
  auto shared = std::make_shared<const BlobEntry>(std::move(entry));
  return as<ccaffe_blob>(
      ccaffe::lend(owner_, key, {Kind::kBlob, owner_, nullptr, true, std::move(shared), nullptr}));
}

void Lender::shape_tops(bool on) {
  const std::lock_guard<std::recursive_mutex> lock(owner_->mutex);
  owner_->shapes_tops = on;
}

std::shared_ptr<const std::string> content(const ccaffe_buffer* buffer) {
  return value_of<std::string>(buffer, Kind::kBuffer, "buffer");
}

std::shared_ptr<caffe::SharedMemory> shared(const ccaffe_memory* memory) {
  return value_of<caffe::SharedMemory>(memory, Kind::kMemory, "memory");
}

std::shared_ptr<caffe::NeighbourMemory> shared(const ccaffe_neighbour* neighbour) {
  return value_of<caffe::NeighbourMemory>(neighbour, Kind::kNeighbour, "neighbour's memory");
}

void destroy(ccaffe_net* net) {
  const Entry entry = registry().find(net, Kind::kNet, "net");
  require(!entry.lent, Code::kInvalidArgument,
          "the net belongs to a solver and is destroyed with it");
  destroy_owner(net, entry, "net");
}

void destroy(ccaffe_solver* solver) {
  destroy_owner(solver, registry().find(solver, Kind::kSolver, "solver"), "solver");
}

void destroy(ccaffe_buffer* buffer) { destroy_value(buffer, Kind::kBuffer, "buffer"); }

void destroy(ccaffe_memory* memory) { destroy_value(memory, Kind::kMemory, "memory"); }

void destroy(ccaffe_neighbour* neighbour) {
  destroy_value(neighbour, Kind::kNeighbour, "neighbour's memory");
}

}  // namespace ccaffe
