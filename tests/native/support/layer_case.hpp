// One layer outside a net, with bottoms and tops of its own.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "caffe/io.hpp"
#include "caffe/layer_registry.hpp"

namespace caffe {
namespace test {

template <typename T>
class LayerCase {
 public:
  // `text`: a LayerParameter without name and bottoms. Bottoms get random values in
  // [-1, 1) from a fixed seed.
  LayerCase(const std::string& text, const std::vector<Shape>& bottoms, int tops = 1,
            Phase phase = TRAIN)
      : random_(std::make_shared<Random>(1)) {
    parse_text(text, "test", &param_);
    param_.set_name("l");
    phase_ = phase;
    std::mt19937 generator(7);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (const Shape& shape : bottoms) {
      own_.push_back(std::make_unique<Blob<T>>(shape));
      bottoms_.push_back(own_.back().get());
      std::vector<T> values(own_.back()->count());
      for (T& value : values) value = static_cast<T>(uniform(generator));
      set(*own_.back(), values);
    }
    for (int i = 0; i < tops; ++i) {
      own_.push_back(std::make_unique<Blob<T>>());
      tops_.push_back(own_.back().get());
    }
    propagate_.assign(bottoms.size(), true);
  }

  // Top 0 is to lie over bottom 0, as far as nets let it.
  LayerCase& in_place() {
    in_place_ = true;
    return *this;
  }

  LayerCase& setup() {
    layer_ = LayerRegistry<T>::create(param_, {phase_, random_});
    layer_->setup(bottoms_, tops_);
    if (in_place_) lie_over();
    layer_->plan(bottoms_, tops_);
    return *this;
  }
  // Sets it up and runs it with draws that begin with one seed, then lets them begin anew with
  // another, up to the end of the batch that a layer may have read ahead.
  LayerCase& setup_reseeded(int64_t first, int64_t then) {
    random_->seed(first);
    setup().forward();
    random_->seed(then);
    layer_->reseed();
    forward();
    return *this;
  }
  T forward() { return layer_->forward(bottoms_, tops_); }
  void backward() { layer_->backward(tops_, propagate_, bottoms_); }

  LayerParameter& param() { return param_; }
  Layer<T>& layer() { return *layer_; }
  Random& random() { return *random_; }
  Blob<T>& bottom(int i = 0) { return *bottoms_[i]; }
  Blob<T>& top(int i = 0) { return *tops_[i]; }
  Blob<T>& blob(int i) { return *layer_->blobs()[i]; }
  size_t num_bottoms() const { return bottoms_.size(); }
  std::vector<bool>& propagate() { return propagate_; }

  static std::vector<T> data(const Blob<T>& blob) {
    return {blob.cpu_data(), blob.cpu_data() + blob.count()};
  }
  static std::vector<T> diff(const Blob<T>& blob) {
    return {blob.cpu_diff(), blob.cpu_diff() + blob.count()};
  }
  static void set(Blob<T>& blob, const std::vector<T>& values) {
    require(static_cast<int64_t>(values.size()) == blob.count(), Code::kInternal,
            "test: ", values.size(), " values for shape ", shape_string(blob.shape()));
    std::copy(values.begin(), values.end(), blob.data().write());
    blob.data().written();
  }
  static void set_diff(Blob<T>& blob, const std::vector<T>& values) {
    std::copy(values.begin(), values.end(), blob.diff().write());
    blob.diff().written();
  }

 private:
  void lie_over() {
    require(layer_->in_place() == InPlace::kOver, Code::kInternal, "test: ", layer_->type(),
            " does not write over its bottom");
    if (!layer_->backward_reads_bottoms() || layer_->top_serves_as_bottom()) {
      tops_[0]->share_data(*bottoms_[0]);
    }
    tops_[0]->share_diff(*bottoms_[0]);
  }

  bool in_place_ = false;
  LayerParameter param_;
  Phase phase_ = TRAIN;
  std::shared_ptr<Random> random_;
  std::vector<std::unique_ptr<Blob<T>>> own_;
  BlobVec<T> bottoms_, tops_;
  std::vector<bool> propagate_;
  std::unique_ptr<Layer<T>> layer_;
};

}  // namespace test
}  // namespace caffe
