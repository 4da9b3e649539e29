// GPU mode, which this build does not have.
#pragma once

namespace caffe {

// Notes a wish for GPU mode: the net runs on the CPU, and one warning per process says so.
void ask_for_gpu();

}  // namespace caffe
