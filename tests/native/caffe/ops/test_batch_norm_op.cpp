#include "caffe/blob.hpp"
#include "caffe/ops/batch_norm_op.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

int64_t count_of(const BatchNormGeometry& g) { return g.batch * g.channels * product(g.spatial); }

template <typename T>
struct Passes {
  explicit Passes(size_t count) : x(count), y(count), dy(count), dx(count) {}
  Storage<T> x, y, dy, dx;
  BatchNormArrays<T> arrays;
};

// The same values in both precisions, for each channel with a mean and a spread of its own.
template <typename T>
void fill(Passes<T>* run, const BatchNormGeometry& g) {
  std::mt19937 generator(3);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const int64_t pixels = product(g.spatial);
  T *x = run->x.write(), *dy = run->dy.write();
  for (int64_t i = 0; i < count_of(g); ++i) {
    const float channel = static_cast<float>(i / pixels % g.channels);
    x[i] = static_cast<T>(channel + (1 + channel) * uniform(generator));
    dy[i] = static_cast<T>(uniform(generator));
  }
  auto& a = run->arrays;
  for (auto* array : {&a.mean, &a.variance, &a.scale, &a.shift, &a.scale_diff, &a.shift_diff}) {
    array->resize(g.channels);
    for (T& value : *array) value = static_cast<T>(1.2f + uniform(generator));
  }
  if (!g.scale) {
    a.scale.assign(g.channels, T(1));
    a.shift.assign(g.channels, T(0));
  }
}

template <typename T>
void run(BatchNormOp<T>* op, const BatchNormGeometry& g, Passes<T>* values) {
  fill(values, g);
  op->forward(values->x, &values->arrays, values->y);
  op->backward(values->x, values->y, values->dy, &values->arrays, values->dx);
}

void expect_near(const char* what, const float* actual, const double* expected, size_t count) {
  double largest = 1;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(expected[i]));
  for (size_t i = 0; i < count; ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-5 * largest) << what << " element " << i;
  }
}

void compare(const BatchNormGeometry& g, std::vector<Backend> order) {
  auto fast = make_op(std::move(order), [&] { return create_batch_norm<float>(g, nullptr); });
  auto exact =
      make_op({Backend::kReference}, [&] { return create_batch_norm<double>(g, nullptr); });
  const size_t count = static_cast<size_t>(count_of(g));
  Passes<float> actual(count);
  Passes<double> expected(count);
  run(fast.get(), g, &actual);
  run(exact.get(), g, &expected);
  expect_near("y", actual.y.read(), expected.y.read(), count);
  expect_near("dx", actual.dx.read(), expected.dx.read(), count);
  const auto& a = actual.arrays;
  const auto& e = expected.arrays;
  expect_near("mean", a.mean.data(), e.mean.data(), a.mean.size());
  expect_near("variance", a.variance.data(), e.variance.data(), a.variance.size());
  if (!g.scale) return;
  expect_near("dscale", a.scale_diff.data(), e.scale_diff.data(), a.mean.size());
  expect_near("dshift", a.shift_diff.data(), e.shift_diff.data(), a.mean.size());
}

std::vector<BatchNormGeometry> geometries() {
  std::vector<BatchNormGeometry> all;
  const std::vector<std::vector<int64_t>> extents = {{}, {7}, {5, 6}, {3, 2, 4}};
  for (const auto& spatial : extents) {
    for (const int64_t channels : {1, 3, 16, 20}) {
      for (int flags = 0; flags < 8; ++flags) {
        BatchNormGeometry g;
        g.batch = 6;
        g.channels = channels;
        g.spatial = spatial;
        g.global = (flags & 1) != 0;
        g.scale = (flags & 2) != 0;
        g.relu = (flags & 4) != 0;
        all.push_back(g);
      }
    }
  }
  return all;
}

TEST(BatchNormOp, BackEndsAgree) {
  for (const BatchNormGeometry& g : geometries()) {
    SCOPED_TRACE(cat(g.channels, " channels, spatial ", shape_string(g.spatial), " global ",
                     g.global, " scale ", g.scale, " relu ", g.relu));
    compare(g, {Backend::kOneDnn, Backend::kReference});
    compare(g, {Backend::kReference});
  }
}

TEST(BatchNormOp, OneDnnTakesTheUsualOnes) {
  BatchNormGeometry g;
  g.batch = 2;
  g.channels = 64;
  g.spatial = {8, 8};
  g.scale = g.relu = true;
  EXPECT_NE(make_onednn_op([&] { return create_batch_norm<float>(g, nullptr); }), nullptr);
}

// By central differences of the sum of y * dy.
TEST(BatchNormOp, ReferenceGradient) {
  for (int flags = 0; flags < 8; ++flags) {
    BatchNormGeometry g;
    g.batch = 3;
    g.channels = 2;
    g.spatial = {4};
    g.global = (flags & 1) != 0;
    g.scale = (flags & 2) != 0;
    g.relu = (flags & 4) != 0;
    SCOPED_TRACE(flags);
    auto op = create_batch_norm<double>(g, nullptr);
    const size_t count = static_cast<size_t>(count_of(g));
    Passes<double> values(count);
    run(op.get(), g, &values);
    const auto moved = [&](double* what, double by) {
      const double saved = *what;
      *what += by;
      Storage<double> y(count);
      BatchNormArrays<double> arrays = values.arrays;
      op->forward(values.x, &arrays, y);
      *what = saved;
      double sum = 0;
      for (size_t i = 0; i < count; ++i) sum += y.read()[i] * values.dy.read()[i];
      return sum;
    };
    const auto slope = [&](double* what) {
      return (moved(what, 1e-6) - moved(what, -1e-6)) / 2e-6;
    };
    for (size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(values.dx.read()[i], slope(values.x.read_write() + i), 1e-6) << i;
    }
    for (int64_t c = 0; g.scale && c < g.channels; ++c) {
      EXPECT_NEAR(values.arrays.scale_diff[c], slope(&values.arrays.scale[c]), 1e-6) << c;
      EXPECT_NEAR(values.arrays.shift_diff[c], slope(&values.arrays.shift[c]), 1e-6) << c;
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace caffe
