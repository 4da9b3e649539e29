#include "caffe/layer.hpp"

#include <algorithm>

#include "caffe/filler.hpp"

namespace caffe {

template <typename T>
std::string Layer<T>::where() const {
  return cat("layer '", name(), "' (", type(), "): ");
}

template <typename T>
template <typename Body>
void Layer<T>::guarded(const Body& body) const {
  try {
    body();
  } catch (const Error& e) {
    const std::string prefix = where();
    const std::string message = e.what();
    if (message.compare(0, prefix.size(), prefix) == 0) throw;
    throw Error(e.code(), prefix + message);
  }
}

template <typename T>
void Layer<T>::setup(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  guarded([&] {
    check_counts(bottom, top);
    layer_setup(bottom, top);
    take_values_from_param();
    reshape(bottom, top);
    note_shapes(bottom);
    set_loss_weights(top);
    fill_loss_weights(top);
  });
}

// Leaves the layer without the shapes of a forward pass: what it keeps from one for backward is of
// no use from now on.
template <typename T>
void Layer<T>::update_shapes(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  guarded([&] {
    bottom_shapes_.clear();
    has_run_ = false;
    reshape(bottom, top);
    note_shapes(bottom);
    fill_loss_weights(top);
  });
}

template <typename T>
T Layer<T>::forward(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  T loss = 0;
  guarded([&] {
    if (needs_shaping(bottom)) {
      bottom_shapes_.clear();
      has_run_ = false;
      reshape(bottom, top);
      plan(bottom, top);
      note_shapes(bottom);
      fill_loss_weights(top);
    }
    forward_pass(bottom, top);
    has_run_ = true;
    loss = weighted_loss(top);
  });
  return loss;
}

template <typename T>
void Layer<T>::backward(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                        const BlobVec<T>& bottom) {
  guarded([&] {
    check_has_run(bottom);
    backward_pass(top, propagate_down, bottom);
  });
}

template <typename T>
void Layer<T>::check_has_run(const BlobVec<T>& bottom) const {
  require(has_run_ && !needs_shaping(bottom), Code::kState,
          "has had no forward pass since it was shaped, or a bottom has another shape now");
}

template <typename T>
int Layer<T>::follow(const std::vector<Layer<T>*>& layers) {
  followers_ = absorb(layers);
  return followers_;
}

template <typename T>
void Layer<T>::forward_fused(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  guarded([&] {
    forward_with_followers(bottom, top);
    has_run_ = true;
  });
}

template <typename T>
void Layer<T>::backward_fused(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                              const BlobVec<T>& bottom) {
  guarded([&] {
    check_has_run(bottom);
    backward_with_followers(top, propagate_down, bottom);
  });
}

template <typename T>
void Layer<T>::repeat(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  guarded([&] {
    repeat_forward(bottom, top);
    has_run_ = true;
  });
}

template <typename T>
void Layer<T>::plan(const BlobVec<T>&, const BlobVec<T>& top) {
  for (Blob<T>* blob : top) blob->set_format(nullptr);
}

template <typename T>
void Layer<T>::set_param_propagate_down(int i, bool value) {
  if (param_propagate_down_.size() <= static_cast<size_t>(i)) {
    param_propagate_down_.resize(i + 1, true);
  }
  param_propagate_down_[i] = value;
}

template <typename T>
void Layer<T>::add_param(const Shape& shape, const FillerParameter& filler) {
  blobs_.push_back(std::make_shared<Blob<T>>(shape));
  if (param_.blobs_size() > 0) return;
  require(random_ != nullptr, Code::kInternal, "a layer with parameters needs a generator");
  fill(filler, *random_, blobs_.back().get());
}

template <typename T>
bool Layer<T>::prepare_backward(const BlobVec<T>& bottom, const BlobVec<T>& top) {
  if (train_) return false;
  train_ = true;
  try {
    plan(bottom, top);
  } catch (...) {
    train_ = false;
    throw;
  }
  return true;
}

template <typename T>
void Layer<T>::take_values_from_param() {
  if (param_.blobs_size() == 0) return;
  check(param_.blobs_size() == static_cast<int>(blobs_.size()), Code::kShape, "has ", blobs_.size(),
        " parameter blobs, but its LayerParameter brings ", param_.blobs_size());
  for (size_t i = 0; i < blobs_.size(); ++i) {
    blobs_[i]->from_proto(param_.blobs(static_cast<int>(i)), false);
  }
  param_.clear_blobs();  // they would double the memory that the weights take
}

template <typename T>
T Layer<T>::weighted_loss(const BlobVec<T>& top) const {
  T sum = 0;
  for (size_t i = 0; i < top.size(); ++i) {
    if (loss(static_cast<int>(i)) == T(0)) continue;
    const T* data = top[i]->cpu_data();
    const T* weight = top[i]->cpu_diff();
    for (int64_t k = 0; k < top[i]->count(); ++k) sum += data[k] * weight[k];
  }
  return sum;
}

template <typename T>
void Layer<T>::set_loss_weights(const BlobVec<T>& top) {
  const int given = param_.loss_weight_size();
  loss_.assign(top.size(), T(0));
  if (given == 0) {
    if (!loss_.empty()) loss_[0] = default_loss_weight();
    return;
  }
  // Further tops of a loss layer (probabilities) are no losses, so they may go unweighted.
  const bool rest_is_zero = default_loss_weight() != T(0);
  check(given == static_cast<int>(top.size()) ||
            (rest_is_zero && given < static_cast<int>(top.size())),
        Code::kBadNet, "loss_weight must be given once per top: ", top.size(), " tops, ", given,
        " weights");
  for (int i = 0; i < given; ++i) loss_[i] = param_.loss_weight(i);
}

// The diff of a loss is its weight: that is where backward starts.
template <typename T>
void Layer<T>::fill_loss_weights(const BlobVec<T>& top) const {
  for (size_t i = 0; i < top.size(); ++i) {
    const T weight = loss(static_cast<int>(i));
    if (weight == T(0)) continue;
    std::fill_n(top[i]->diff().write(), top[i]->count(), weight);
    top[i]->diff().written();
  }
}

template <typename T>
bool Layer<T>::needs_shaping(const BlobVec<T>& bottom) const {
  if (bottom_shapes_.size() != bottom.size()) return true;
  for (size_t i = 0; i < bottom.size(); ++i) {
    if (bottom_shapes_[i] != bottom[i]->shape()) return true;
  }
  return false;
}

template <typename T>
void Layer<T>::note_shapes(const BlobVec<T>& bottom) {
  bottom_shapes_.clear();
  for (const Blob<T>* blob : bottom) bottom_shapes_.push_back(blob->shape());
}

namespace {

std::string range_text(const CountRange& range) {
  if (range.max < 0) return cat("at least ", range.min);
  if (range.min == range.max) return cat("exactly ", range.min);
  return cat(range.min, " to ", range.max);
}

}  // namespace

template <typename T>
void Layer<T>::check_counts(const BlobVec<T>& bottom, const BlobVec<T>& top) const {
  const auto fits = [](size_t n, const CountRange& r) {
    return static_cast<int>(n) >= r.min && (r.max < 0 || static_cast<int>(n) <= r.max);
  };
  check(fits(bottom.size(), bottom_count()), Code::kBadNet, "takes ", range_text(bottom_count()),
        " bottom blob(s), but has ", bottom.size());
  check(fits(top.size(), top_count()), Code::kBadNet, "makes ", range_text(top_count()),
        " top blob(s), but has ", top.size());
  check(!equal_bottom_top_count() || bottom.size() == top.size(), Code::kBadNet,
        "needs as many tops as bottoms, but has ", bottom.size(), " bottom(s) and ", top.size(),
        " top(s)");
}

template class Layer<float>;
template class Layer<double>;

}  // namespace caffe
