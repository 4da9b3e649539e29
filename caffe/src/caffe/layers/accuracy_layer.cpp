#include <algorithm>

#include "caffe/layer_registry.hpp"
#include "caffe/layers/labels.hpp"

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
    const T* scores = bottom[0]->data().read();
    const T* labels = bottom[1]->data().read();
    std::vector<int64_t> samples(classes_), hits(classes_);
    for (int64_t i = 0; i < outer_ * inner_; ++i) {
      const int64_t label = checked_label(labels, i, inner_, classes_, p.has_ignore_label(),
                                          static_cast<int64_t>(p.ignore_label()));
      if (p.has_ignore_label() && label == p.ignore_label()) continue;
      ++samples[label];
      if (hit(scores + i / inner_ * classes_ * inner_ + i % inner_, label)) ++hits[label];
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

  // Scores lie `inner_` apart. Written so that NaN never makes a hit.
  bool hit(const T* scores, int64_t label) const {
    const T own = scores[label * inner_];
    int64_t better = 0;
    for (int64_t c = 0; c < classes_; ++c) {
      if (c != label && !(scores[c * inner_] < own)) ++better;
    }
    return own == own && better < this->param_.accuracy_param().top_k();
  }

  int64_t outer_ = 0, classes_ = 0, inner_ = 0;
};

CAFFE_REGISTER_LAYER(Accuracy, AccuracyLayer);

}  // namespace caffe
