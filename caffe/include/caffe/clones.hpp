// Kernels that are compiled more than once.
#pragma once

// Compiles a function for several instruction sets; the loader picks the best one.
#define CAFFE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
