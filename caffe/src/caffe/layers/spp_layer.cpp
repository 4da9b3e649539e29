#include <algorithm>

#include "caffe/extents.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/ops/pooling_op.hpp"

namespace caffe {

// Spatial pyramid pooling: level l of spp_param.pyramid_height pools each plane into 2^l x 2^l
// bins by `pool` (MAX or AVE), with kernel = stride = ceil(extent / bins) and pad =
// (kernel * bins - extent + 1) / 2. The levels' results follow one another: the top is
// (N, C * number of all bins), or (N, C, 1, 1) for a single level.
// He et al., Spatial pyramid pooling in deep convolutional networks, 2014.
template <typename T>
class SPPLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  const char* type() const override { return "SPP"; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const Shape& in = bottom[0]->shape();
    this->check(in.size() == 4 && in[2] > 0 && in[3] > 0, Code::kShape,
                "needs a bottom with 4 axes and pixels, has shape ", shape_string(in));
    int64_t outputs = 0;
    for (size_t l = 0; l < levels_.size(); ++l) {
      PoolingGeometry& g = levels_[l]->geometry;
      g.batch = in[0];
      g.channels = in[1];
      for (int i = 0; i < 2; ++i) set_window(static_cast<int>(l), i, in[2 + i], &g);
      levels_[l]->item = extent_product(g.channels, g.out[0] * g.out[1]);
      const int64_t count = extent_product(g.batch, levels_[l]->item);
      for (Storage<T>* s : {&levels_[l]->y, &levels_[l]->dy}) s->resize(count);
      levels_[l]->dx.resize(bottom[0]->count());
      outputs = extent_sum(outputs, levels_[l]->item);
    }
    top[0]->reshape(levels_.size() == 1 ? Shape{in[0], in[1], 1, 1} : Shape{in[0], outputs});
  }

  void plan(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    for (auto& level : levels_) {
      level->geometry.train = this->train_;
      for (Storage<T>* s : {&level->y, &level->dy, &level->dx}) s->keep_only_plain();
      level->op = create_pooling<T>(level->geometry, bottom[0]->format());
    }
    top[0]->set_format(nullptr);
  }

 protected:
  void layer_setup(const BlobVec<T>&, const BlobVec<T>&) override {
    const SPPParameter& p = this->param_.spp_param();
    this->check(p.pyramid_height() > 0 && p.pyramid_height() <= 16, Code::kBadNet,
                "pyramid_height must be in 1..16, is ", p.pyramid_height());
    this->check(p.pool() != SPPParameter::STOCHASTIC, Code::kUnsupported,
                "pool: STOCHASTIC needs a GPU, as in Caffe; use MAX or AVE");
    for (uint32_t l = 0; l < p.pyramid_height(); ++l) {
      levels_.push_back(std::make_unique<Level>());
      levels_.back()->geometry.method = p.pool() == SPPParameter::MAX
                                            ? PoolingGeometry::Method::kMax
                                            : PoolingGeometry::Method::kAverage;
    }
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    T* out = top[0]->data().write();
    const int64_t batch = bottom[0]->dim(0), row = top[0]->count(1);
    int64_t offset = 0;
    for (auto& level : levels_) {
      level->op->forward(bottom[0]->data(), level->y, nullptr);
      const T* y = level->y.read();
      for (int64_t n = 0; n < batch; ++n) {
        std::copy_n(y + n * level->item, level->item, out + n * row + offset);
      }
      offset += level->item;
    }
    top[0]->data().written();
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    if (!propagate_down[0]) return;
    if (this->prepare_backward(bottom, top)) {
      for (auto& level : levels_) level->op->forward(bottom[0]->data(), level->y, nullptr);
    }
    const T* top_diff = top[0]->diff().read();
    T* sum = bottom[0]->diff().write();
    std::fill_n(sum, bottom[0]->count(), T(0));
    const int64_t batch = bottom[0]->dim(0), row = top[0]->count(1);
    int64_t offset = 0;
    for (auto& level : levels_) {
      T* dy = level->dy.write();
      for (int64_t n = 0; n < batch; ++n) {
        std::copy_n(top_diff + n * row + offset, level->item, dy + n * level->item);
      }
      offset += level->item;
      level->op->backward(level->dy, level->dx);
      const T* dx = level->dx.read();
      for (int64_t i = 0; i < bottom[0]->count(); ++i) sum[i] += dx[i];
    }
    bottom[0]->diff().written();
  }

 private:
  struct Level {
    PoolingGeometry geometry;
    std::unique_ptr<PoolingOp<T>> op;
    int64_t item = 0;  // outputs per item
    Storage<T> y, dy, dx;
  };

  void set_window(int level, int axis, int64_t extent, PoolingGeometry* g) const {
    const int64_t bins = int64_t{1} << level;
    const int64_t kernel = (extent + bins - 1) / bins, pad = (kernel * bins - extent + 1) / 2;
    this->check(pad < kernel, Code::kShape, "cannot pool an extent of ", extent, " into ", bins,
                " bins (level ", level, "): pad ", pad, " must be smaller than the kernel, ",
                kernel);
    g->in[axis] = extent;
    g->out[axis] = bins;
    g->kernel[axis] = g->stride[axis] = kernel;
    g->pad[axis] = pad;
  }

  std::vector<std::unique_ptr<Level>> levels_;
};

CAFFE_REGISTER_LAYER(SPP, SPPLayer);

}  // namespace caffe
