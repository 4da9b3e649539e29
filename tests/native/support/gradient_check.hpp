// Gradients against central differences, in double.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/layer_case.hpp"

namespace caffe {
namespace test {

// Compares the gradient of one number, sum over all tops of weight * value (the layer's
// loss, if it is a loss layer), for bottoms with propagate() set and for all parameters.
class GradientCheck {
 public:
  explicit GradientCheck(LayerCase<double>& layer, double step = 1e-5, double tolerance = 1e-6)
      : case_(layer), step_(step), tolerance_(tolerance) {
    case_.setup();
    for (size_t i = 0; i < case_.num_bottoms(); ++i) {
      inputs_.push_back(LayerCase<double>::data(case_.bottom(static_cast<int>(i))));
    }
    // A gradient of zero or without neighbours' influence would hide mistakes.
    double weight = 0.3;
    run();
    for (int64_t i = 0; i < case_.top().count(); ++i) {
      weights_.push_back(std::sin(weight));
      weight += 1.7;
    }
  }

  void run_all() {
    analytic();
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!case_.propagate()[i]) continue;
      for (size_t k = 0; k < inputs_[i].size(); ++k) {
        compare(cat("bottom ", i, " element ", k), bottom_gradients_[i][k],
                difference(&inputs_[i][k]));
      }
    }
    for (size_t i = 0; i < case_.layer().blobs().size(); ++i) {
      if (!case_.layer().param_propagate_down(static_cast<int>(i))) continue;  // statistics
      double* values = case_.blob(static_cast<int>(i)).mutable_cpu_data();
      for (size_t k = 0; k < param_gradients_[i].size(); ++k) {
        compare(cat("parameter ", i, " element ", k), param_gradients_[i][k],
                difference(&values[k]));
      }
    }
  }

 private:
  bool is_loss() { return case_.layer().loss(0) != 0; }

  double run() {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      LayerCase<double>::set(case_.bottom(static_cast<int>(i)), inputs_[i]);
    }
    case_.random().seed(5);  // the same random choices every time
    const double loss = case_.forward();
    if (is_loss() || weights_.empty()) return loss;
    double sum = 0;
    const double* top = case_.top().cpu_data();
    for (size_t i = 0; i < weights_.size(); ++i) sum += weights_[i] * top[i];
    return sum;
  }

  // Parameter gradients are added to: the second backward pass must double them.
  void analytic() {
    auto& blobs = case_.layer().blobs();
    for (auto& blob : blobs) blob->diff().set_zero();
    for (int pass = 0; pass < 2; ++pass) {
      run();
      if (!is_loss()) LayerCase<double>::set_diff(case_.top(), weights_);
      case_.backward();
      for (size_t i = 0; i < blobs.size(); ++i) {
        if (pass == 0) {
          param_gradients_.push_back(LayerCase<double>::diff(*blobs[i]));
          continue;
        }
        const std::vector<double> twice = LayerCase<double>::diff(*blobs[i]);
        for (size_t k = 0; k < twice.size(); ++k) {
          EXPECT_NEAR(twice[k], 2 * param_gradients_[i][k], 1e-9) << "not added, parameter " << i;
        }
      }
    }
    for (size_t i = 0; i < inputs_.size(); ++i) {
      bottom_gradients_.push_back(LayerCase<double>::diff(case_.bottom(static_cast<int>(i))));
    }
  }

  double difference(double* value) {
    const double saved = *value;
    *value = saved + step_;
    const double above = run();
    *value = saved - step_;
    const double below = run();
    *value = saved;
    return (above - below) / (2 * step_);
  }

  void compare(const std::string& what, double analytic, double numeric) const {
    EXPECT_NEAR(analytic, numeric, tolerance_ * std::max(1.0, std::fabs(numeric))) << what;
  }

  LayerCase<double>& case_;
  const double step_, tolerance_;
  std::vector<std::vector<double>> inputs_, bottom_gradients_, param_gradients_;
  std::vector<double> weights_;
};

inline void check_gradients(LayerCase<double>& layer) { GradientCheck(layer).run_all(); }

inline void check_gradients(const std::string& text, const std::vector<Shape>& bottoms) {
  LayerCase<double> layer(text, bottoms);
  check_gradients(layer);
}

}  // namespace test
}  // namespace caffe
