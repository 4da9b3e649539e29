#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/labels.hpp"
#include "caffe/layers/position_blocks.hpp"

namespace caffe {

// Share of positions whose label is among the top_k (1) scores along accuracy_param.axis (1):
// fewer than top_k other classes score at least as much, so a tie counts against. Positions
// labelled ignore_label do not count; 0 if none is left. An optional second top gets the
// share per class, 0 for a class without samples. A metric: it has no gradient.
template <typename T>
class AccuracyLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "Accuracy"; }
  CountRange bottom_count() const override { return {2, 2}; }
  CountRange top_count() const override { return {1, 2}; }
  bool allow_force_backward(int) const override { return false; }
  InPlace in_place() const override { return InPlace::kRefused; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const AccuracyParameter& p = this->param_.accuracy_param();
    const int axis = bottom[0]->canonical_axis(p.axis());
    outer_ = bottom[0]->count(0, axis);
    classes_ = bottom[0]->dim(axis);
    inner_ = bottom[0]->count(axis + 1);
    this->check(p.top_k() >= 1 && p.top_k() <= classes_, Code::kShape, "top_k ", p.top_k(),
                " is not in 1..", classes_, ", the number of classes");
    check_label_count(bottom, outer_ * inner_, "predictions");
    top[0]->reshape({});
    if (top.size() > 1) top[1]->reshape({classes_});
  }

 protected:
  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const AccuracyParameter& p = this->param_.accuracy_param();
    const int64_t ignored = p.ignore_label();
    const std::vector<int64_t> labels =
        read_labels(*bottom[1], inner_, classes_, p.has_ignore_label() ? &ignored : nullptr);
    const std::vector<char> hit = find_hits(bottom[0]->data().read(), labels);
    std::vector<int64_t> samples(classes_), hits(classes_);
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == kIgnoredLabel) continue;
      ++samples[labels[i]];
      hits[labels[i]] += hit[i];
    }
    int64_t all_samples = 0, all_hits = 0;
    for (int64_t c = 0; c < classes_; ++c) {
      all_samples += samples[c];
      all_hits += hits[c];
    }
    *top[0]->data().write() = share(all_hits, all_samples);
    top[0]->data().written();
    if (top.size() < 2) return;
    std::transform(hits.begin(), hits.end(), samples.begin(), top[1]->data().write(), share);
    top[1]->data().written();
  }

  void backward_pass(const BlobVec<T>&, const std::vector<bool>& propagate_down,
                     const BlobVec<T>&) override {
    for (bool wanted : propagate_down) {
      this->check(!wanted, Code::kUnsupported, "a metric has no gradient");
    }
  }

 private:
  static T share(int64_t hits, int64_t samples) {
    return samples == 0 ? T(0) : static_cast<T>(hits) / static_cast<T>(samples);
  }

  // For every position whether it is a hit (1), if it is not ignored.
  std::vector<char> find_hits(const T* scores, const std::vector<int64_t>& labels) const {
    const auto top_k = static_cast<int64_t>(this->param_.accuracy_param().top_k());
    std::vector<char> hits(labels.size());
    for_position_blocks(outer_, classes_, inner_, [&](const PositionBlock& block) {
      const T* x = scores + block.element;
      const int64_t* label = labels.data() + block.position;
      T own[kPositionBlock];
      for (int64_t i = 0; i < block.width; ++i) {
        own[i] = x[std::max<int64_t>(label[i], 0) * inner_ + i];
      }
      // How many scores are as good; one of them is its own. Written so that NaN never makes a hit.
      int32_t as_good[kPositionBlock] = {};
      inner_ == 1 ? count_row(x, own[0], as_good) : count_block(x, block.width, own, as_good);
      for (int64_t i = 0; i < block.width; ++i) {
        hits[block.position + i] = own[i] == own[i] && as_good[i] <= top_k;
      }
    });
    return hits;
  }

  // Of one position, whose scores are neighbours.
  void count_row(const T* x, T own, int32_t* as_good) const {
    int32_t count = 0;
#pragma omp simd reduction(+ : count)
    for (int64_t c = 0; c < classes_; ++c) count += x[c] < own ? 0 : 1;
    *as_good = count;
  }

  void count_block(const T* x, int64_t width, const T* own, int32_t* as_good) const {
    for (int64_t c = 0; c < classes_; ++c) {
      const T* row = x + c * inner_;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) as_good[i] += row[i] < own[i] ? 0 : 1;
    }
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
};

CAFFE_REGISTER_LAYER(Accuracy, AccuracyLayer);

}  // namespace caffe
