// Python: a layer that a class of the user's runs. The engine knows no interpreter; whoever has
// one registers a runner.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "caffe/layer.hpp"

namespace caffe {

enum class PythonStep { kSetup, kReshape, kForward, kBackward, kDestroy };

// What a runner is called with. Bottoms and tops are empty when the layer is destroyed.
struct PythonCall {
  PythonStep step;
  int64_t layer;  // the same in all calls for one layer, not used twice
  const LayerParameter& param;
  Phase phase;
  const BlobVec<float>& bottom;
  const BlobVec<float>& top;
  const std::vector<bool>& propagate_down;  // empty but for kBackward
  // The layer's parameter blobs. kSetup may append some and fill them; values that the
  // LayerParameter brings replace what it filled in.
  std::vector<std::shared_ptr<Blob<float>>>& params;
  std::shared_ptr<void>& state;  // the runner's own; dies with the layer
};

// Throws an Error if the step fails.
using PythonRunner = std::function<void(const PythonCall&)>;

// For layers set up from now on in this process; null: there is no interpreter.
void set_python_runner(PythonRunner runner);

}  // namespace caffe
