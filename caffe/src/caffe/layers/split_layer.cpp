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

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (Blob<T>* blob : top) {
      this->check(blob != bottom[0], Code::kBadNet, "cannot run in place");
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
    std::vector<const T*> parts;
    for (Blob<T>* blob : top) {
      if (!blob->diff().is_zero()) parts.push_back(blob->diff().read(format));
    }
    if (parts.empty()) {
      bottom[0]->diff().set_zero();
      return;
    }
    T* dx = bottom[0]->diff().write(format);
    sum(parts, stored_count(format, bottom[0]->count()), dx);
    bottom[0]->diff().written(format);
  }

 private:
  static void sum(const std::vector<const T*>& parts, int64_t count, T* out) {
    for_ranges(count, [&](int64_t first, int64_t n) {
      const int64_t last = first + n;
      std::copy(parts[0] + first, parts[0] + last, out + first);
      for (size_t p = 1; p < parts.size(); ++p) {
        const T* part = parts[p];
#pragma omp simd
        for (int64_t i = first; i < last; ++i) out[i] += part[i];
      }
    });
  }
};

CAFFE_REGISTER_LAYER(Split, SplitLayer);

}  // namespace caffe
