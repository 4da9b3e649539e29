// ccaffe.h, section "memory".
#include "caffe/shared_memory.hpp"
#include "handles.hpp"

using ccaffe::given;
using ccaffe::guard;

namespace {

void check_bytes(int64_t bytes) {
  caffe::require(bytes >= 0, caffe::Code::kInvalidArgument, "number of bytes ", bytes,
                 " is negative");
}

}  // namespace

ccaffe_status ccaffe_memory_create(int64_t bytes, ccaffe_memory** memory) {
  return guard([&] {
    check_bytes(bytes);
    given(memory, "memory");
    *memory = ccaffe::add_memory(std::make_shared<caffe::SharedMemory>(bytes));
  });
}

ccaffe_status ccaffe_memory_destroy(ccaffe_memory* memory) {
  return guard([&] { ccaffe::destroy(memory); });
}

ccaffe_status ccaffe_memory_data(ccaffe_memory* memory, void** data, const char** name) {
  return guard([&] {
    const auto own = ccaffe::shared(memory);
    given(data, "data");
    given(name, "name");
    *data = own->data();
    *name = own->name().c_str();
  });
}

ccaffe_status ccaffe_memory_show(ccaffe_memory* memory, int64_t number) {
  return guard([&] { ccaffe::shared(memory)->show(number); });
}

ccaffe_status ccaffe_neighbour_open(const char* name, ccaffe_neighbour** neighbour) {
  return guard([&] {
    given(neighbour, "neighbour");
    *neighbour =
        ccaffe::add_neighbour(std::make_shared<caffe::NeighbourMemory>(given(name, "name")));
  });
}

ccaffe_status ccaffe_neighbour_destroy(ccaffe_neighbour* neighbour) {
  return guard([&] { ccaffe::destroy(neighbour); });
}

ccaffe_status ccaffe_neighbour_read(ccaffe_neighbour* neighbour, int64_t number, int64_t from,
                                    void* into, int64_t bytes) {
  return guard([&] {
    const auto other = ccaffe::shared(neighbour);
    given(into, "into");
    check_bytes(bytes);
    check_bytes(from);
    other->read(number, from, into, bytes);
  });
}
