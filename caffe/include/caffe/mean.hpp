// The mean of several vectors, and how much vectors differ, as weights go from host to host.
#pragma once

#include <cstdint>

namespace caffe {

// mean[i] = (weights[0] * vectors[0][i] + ... ) / (weights[0] + ...), in double precision and in
// this order, rounded once. Equal vectors have exactly themselves as mean where each weight is a
// whole number and they sum to less than 2^29. mean may be one of the vectors. count >= 1.
void weighted_mean(const float* const* vectors, const double* weights, int count, float* mean,
                   int64_t size);

// The same of bfloat16: the upper half of a float each.
void weighted_mean(const uint16_t* const* vectors, const double* weights, int count, uint16_t* mean,
                   int64_t size);

// differences[i] = values[i] - base[i], rounded to bfloat16: to nearest, ties to even.
void differ(const float* values, const float* base, uint16_t* differences, int64_t size);

// values[i] += differences[i].
void add_differences(const uint16_t* differences, float* values, int64_t size);

// Whether no value is infinite or not a number.
bool all_finite(const float* values, int64_t size);

}  // namespace caffe
