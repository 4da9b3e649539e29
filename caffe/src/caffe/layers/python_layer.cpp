#include "caffe/python_layer.hpp"

#include <atomic>
#include <mutex>
#include <type_traits>
#include <utility>

#include "caffe/layer_registry.hpp"

namespace caffe {

namespace {

std::mutex g_mutex;
PythonRunner g_runner;

PythonRunner current_runner() {
  const std::lock_guard<std::mutex> guard(g_mutex);
  return g_runner;
}

int64_t next_number() {
  static std::atomic<int64_t> last{0};
  return ++last;
}

}  // namespace

void set_python_runner(PythonRunner runner) {
  const std::lock_guard<std::mutex> guard(g_mutex);
  g_runner = std::move(runner);
}

// y, dx and dw are what the class python_param.layer of python_param.module makes of x, dy and the
// parameters w, which it creates at set-up. As in Caffe, its reshape is called at set-up and before
// every forward pass.
template <typename T>
class PythonLayer : public Layer<T> {
 public:
  using Layer<T>::Layer;
  ~PythonLayer() override {
    if (runner_ == nullptr) return;
    try {
      run(PythonStep::kDestroy, {}, {}, {});
    } catch (const Error&) {
      // Nobody is there to be told.
    }
  }

  const char* type() const override { return "Python"; }
  InPlace in_place() const override { return InPlace::kOneArray; }
  bool backward_reads_tops() const override { return true; }
  bool forward_changes_params() const override { return true; }  // nobody knows
  CountRange bottom_count() const override { return {0, -1}; }
  CountRange top_count() const override { return {0, -1}; }

  void reshape(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    run(PythonStep::kReshape, {}, bottom, top);
  }

 protected:
  void layer_setup(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    const PythonParameter& given = this->param_.python_param();
    this->check(!given.module().empty() && !given.layer().empty(), Code::kBadNet,
                "python_param needs module and layer");
    PythonRunner runner = current_runner();
    this->check(runner != nullptr, Code::kUnsupported,
                "no Python interpreter drives this net: open it with sparknet.local in Python, or "
                "replace the layer");
    this->check(std::is_same<T, float>::value, Code::kUnsupported,
                "layers in Python have single precision only");
    runner_ = std::move(runner);
    run(PythonStep::kSetup, {}, bottom, top);
  }

  void forward_pass(const BlobVec<T>& bottom, const BlobVec<T>& top) override {
    std::vector<Shape> before;
    for (const Blob<T>* blob : top) before.push_back(blob->shape());
    run(PythonStep::kReshape, {}, bottom, top);
    run(PythonStep::kForward, {}, bottom, top);
    for (size_t i = 0; i < top.size(); ++i) {
      const T weight = this->loss(static_cast<int>(i));
      if (weight == T(0) || top[i]->shape() == before[i]) continue;
      T* diff = top[i]->diff().write();
      for (int64_t k = 0; k < top[i]->count(); ++k) diff[k] = weight;
      top[i]->diff().written();
    }
  }

  void backward_pass(const BlobVec<T>& top, const std::vector<bool>& propagate_down,
                     const BlobVec<T>& bottom) override {
    run(PythonStep::kBackward, propagate_down, bottom, top);
  }

 private:
  void run(PythonStep step, const std::vector<bool>& propagate_down, const BlobVec<T>& bottom,
           const BlobVec<T>& top) {
    if constexpr (std::is_same<T, float>::value) {
      runner_({step, number_, this->param_, this->phase_, bottom, top, propagate_down, this->blobs_,
               state_});
    }
  }

  const int64_t number_ = next_number();
  PythonRunner runner_;  // the one of set-up, for all of the layer's life
  std::shared_ptr<void> state_;
};

template class PythonLayer<float>;
template class PythonLayer<double>;

CAFFE_REGISTER_LAYER(Python, PythonLayer);

}  // namespace caffe
