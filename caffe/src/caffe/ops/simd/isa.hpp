// Which of our own vector code this CPU runs.
#pragma once

namespace caffe::simd {

enum class Isa { kBaseline, kAvx2, kAvx512 };

// The best that the CPU has. ONEDNN_MAX_CPU_ISA bounds it, so that one variable makes all of the
// engine's kernels behave as on a lesser CPU.
Isa cpu_isa();

}  // namespace caffe::simd
