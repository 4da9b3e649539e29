#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/ranges.hpp"

namespace caffe {

// Gives one blob to several readers: every top shares the bottom's data; dx is the sum of
// all dy. Nets insert it where a blob has more than one reader.
template <typename T>
class SplitLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Split"; }
  CountRange top_count() const override { return {1, -1}; }
  InPlace in_place() const override { return InPlace::kRefused; }
  bool backward_reads_bottoms() const override { return false; }
  bool top_shares_bottom() const override { return true; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (Blob<T>* blob : top) {
      blob->reshape(bottom[0]->shape());
      blob->share_data(*bottom[0]);
    }
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (Blob<T>* blob : top) blob->set_format(bottom[0]->format());
  }

 protected:
  void forward_pass(const BlobVec<T>&, const BlobVec<T>&) override {}

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    const FormatPtr format = bottom[0]->format();
    // Readers that make no gradient (Accuracy) leave zeros.
    std::vector<Storage<T>*> parts;
    for (Blob<T>* blob : top) {
      if (!blob->diff().is_zero()) parts.push_back(&blob->diff());
    }
    Storage<T>& sum = bottom[0]->diff();
    if (parts.empty()) {
      sum.set_zero();
      return;
    }
    // Where nobody looks at the first one any more, the sum lies in its place.
    const bool taken = sum.take(*parts[0]);
    if (taken) parts[0] = &sum;
    std::vector<const T*> terms;
    for (Storage<T>* part : parts) terms.push_back(part->read(format));
    T* dx = taken ? sum.read_write(format) : sum.write(format);
    add(terms, stored_count(format, bottom[0]->count()), dx);
    sum.written(format);
  }

 private:
  // The first term may lie where the sum shall be.
  static void add(const std::vector<const T*>& terms, int64_t count, T* out) {
    for_ranges(count, [&](int64_t first, int64_t n) {
      const int64_t last = first + n;
      if (terms[0] != out) std::copy(terms[0] + first, terms[0] + last, out + first);
      for (size_t k = 1; k < terms.size(); ++k) {
        const T* term = terms[k];
#pragma omp simd
        for (int64_t i = first; i < last; ++i) out[i] += term[i];
      }
    });
  }
};

CAFFE_REGISTER_LAYER(Split, SplitLayer);

}  // namespace caffe
