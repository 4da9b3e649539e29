// Kernels that are compiled more than once.
#pragma once

// Compiles a function for several instruction sets; the loader picks the best one. clang (which
// compiles the fuzzers) gives clones of two sources the same name.
#ifdef __clang__
#define CAFFE_CLONES
#else
#define CAFFE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
