// Learning rate policies.
#pragma once

#include "caffe/proto/caffe.pb.h"

namespace caffe {

// Throws kBadNet if lr_policy is unknown or one of its fields is out of range.
void check_lr_policy(const SolverParameter& param);

// The number of rate drops that count at update `iteration`: of `step`, all so far; of
// `multistep`, `done` (those of earlier updates) and at most one more.
int lr_step_at(const SolverParameter& param, int iteration, int done);

// The drops that the updates before `iteration` have made, one at most each.
int lr_steps_before(const SolverParameter& param, int iteration);

// rate(t), without a parameter's lr_mult.
double learning_rate_at(const SolverParameter& param, int iteration, int step);

}  // namespace caffe
