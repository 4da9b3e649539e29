// LRN in vector code against the reference back end in double precision, on all instruction sets
// that the machine has and in all orders of channels.
#include <cmath>
#include <limits>

#include "caffe/ops/onednn/runtime.hpp"
#include "caffe/ops/reference/reference_ops.hpp"
#include "caffe/ops/simd/simd_ops.hpp"
#include "caffe/threads.hpp"
#include "support/isas.hpp"
#include "support/op_compare.hpp"

namespace caffe {
namespace test {
namespace {

using simd::Isa;
using tag = dnnl::memory::format_tag;

FormatPtr format(const LrnGeometry& g, tag order) {
  return onednn::to_format(dnnl::memory::desc({g.batch, g.channels, g.height, g.width},
                                              dnnl::memory::data_type::f32, order));
}

LrnGeometry geometry(bool within, int64_t size, int64_t channels, int64_t height, int64_t width) {
  LrnGeometry g;
  g.batch = 2;
  g.channels = channels;
  g.height = height;
  g.width = width;
  g.size = size;
  g.alpha = 0.5;
  g.k = within ? 1 : 2;
  g.within_channel = within;
  return g;
}

std::string text(const LrnGeometry& g) {
  return cat(g.within_channel ? "within" : "across", " size ", g.size, " channels ", g.channels,
             " image ", g.height, "x", g.width, " beta ", g.beta);
}

int64_t count(const LrnGeometry& g) { return g.batch * g.channels * g.height * g.width; }

template <typename T>
void set(Storage<T>& storage, const std::vector<float>& values) {
  std::copy(values.begin(), values.end(), storage.write());
  storage.written();
}

struct Input {
  std::vector<float> x, dy;

  Input(const LrnGeometry& g, std::mt19937& generator) : x(count(g)), dy(count(g)) {
    std::uniform_real_distribution<float> uniform(-3, 3);
    for (auto* values : {&x, &dy}) {
      for (float& value : *values) value = uniform(generator);
    }
  }
};

template <typename T>
struct Result {
  Storage<T> x, dy, y, dx;

  Result(LrnOp<T>& op, const LrnGeometry& g, const Input& input)
      : x(count(g)), dy(count(g)), y(count(g)), dx(count(g)) {
    set(x, input.x);
    set(dy, input.dy);
    op.forward(x, y);
    op.backward(x, y, dy, dx);
  }
};

void expect_near(const char* what, Storage<float>& actual, Storage<double>& expected,
                 double tolerance) {
  const float* a = actual.read();
  const double* b = expected.read();
  for (size_t i = 0; i < expected.count(); ++i) {
    if (!(std::fabs(a[i] - b[i]) <= tolerance * (1 + std::fabs(b[i])))) {
      ADD_FAILURE() << what << " element " << i << ": " << a[i] << " instead of " << b[i];
      return;
    }
  }
}

void compare(const LrnGeometry& g, std::mt19937& generator, double tolerance = 2e-6) {
  SCOPED_TRACE(text(g));
  const Input input(g, generator);
  Result<double> truth(*reference::lrn<double>(g), g, input);
  for (const tag order : {tag::nchw, tag::nChw8c, tag::nChw16c, tag::nhwc}) {
    const FormatPtr bottom = format(g, order);
    SCOPED_TRACE(cat("channels in blocks of ", channel_block(bottom)));
    for (const Isa isa : isas()) {
      SCOPED_TRACE(isa_name(isa));
      const auto op = simd::lrn_on(isa, g, bottom);
      ASSERT_NE(op, nullptr);
      EXPECT_TRUE(same_format(op->top_format(), bottom));
      Result<float> result(*op, g, input);
      expect_near("y", result.y, truth.y, tolerance);
      expect_near("dx", result.dx, truth.dx, tolerance);
    }
  }
}

TEST(SimdLrn, AgreesWithDoubles) {
  std::mt19937 generator(9);
  struct Extent {
    int64_t height, width;
  };
  for (const bool within : {false, true}) {
    for (const int64_t size : {1, 3, 5, 7, 9}) {
      for (const int64_t channels : {1, 3, 8, 16, 20, 37}) {
        for (const Extent e : {Extent{1, 1}, Extent{5, 19}, Extent{8, 8}, Extent{7, 2}}) {
          compare(geometry(within, size, channels, e.height, e.width), generator);
        }
      }
    }
  }
}

// Larger than a tile in every order of channels, and windows larger than all that there is.
TEST(SimdLrn, AgreesWithDoublesOnManyTiles) {
  std::mt19937 generator(4);
  compare(geometry(false, 5, 19, 60, 70), generator);
  compare(geometry(false, 3, 700, 6, 7), generator);
  compare(geometry(true, 3, 18, 150, 140), generator);
  compare(geometry(true, 9, 3, 210, 35), generator);
  compare(geometry(false, 4294967295, 5, 4, 4), generator, 1e-5);
  compare(geometry(true, 4294967295, 2, 5, 9), generator, 1e-5);
}

TEST(SimdLrn, TakesAnyPower) {
  std::mt19937 generator(5);
  for (const bool within : {false, true}) {
    for (const double beta : {-1.0, 0.0, 0.25, 0.5, 0.6, 1.0, 2.3, 8.0}) {
      LrnGeometry g = geometry(within, 3, 5, 4, 7);
      g.beta = beta;
      compare(g, generator, 5e-6);
    }
  }
}

// From one end of the floats to the other, where s leaves what the vectors' own power covers.
TEST(SimdLrn, TakesAnySum) {
  LrnGeometry g = geometry(false, 1, 36, 1, 1);
  g.batch = 1;
  g.alpha = 1;
  g.k = 0;
  for (const double beta : {0.75, 0.6}) {
    g.beta = beta;
    std::vector<float> x;
    for (int i = 0; i < 36; ++i) x.push_back(std::ldexp(1.1f, i * 7 / 2 - 62));
    for (const Isa isa : isas()) {
      Storage<float> in(36), out(36);
      set(in, x);
      simd::lrn_on(isa, g, nullptr)->forward(in, out);
      for (int i = 0; i < 36; ++i) {
        const double value = x[i], y = value * std::pow(value * value, -beta);
        EXPECT_NEAR(out.read()[i], y, 3e-6 * y)
            << isa_name(isa) << " beta " << beta << " x " << value;
      }
    }
  }
}

TEST(SimdLrn, KeepsInfinityAndNaNWhereTheyBelong) {
  LrnGeometry g = geometry(false, 3, 40, 1, 1);
  g.batch = 1;
  for (const double beta : {0.75, 0.6}) {
    g.beta = beta;
    std::vector<float> x(40, 1);
    x[10] = std::numeric_limits<float>::quiet_NaN();
    x[20] = 1e30f;  // its square is infinite
    for (const Isa isa : isas()) {
      Storage<float> in(40), out(40);
      set(in, x);
      simd::lrn_on(isa, g, nullptr)->forward(in, out);
      for (int i = 0; i < 40; ++i) {
        SCOPED_TRACE(cat(isa_name(isa), " beta ", beta, " channel ", i));
        if (std::abs(i - 10) <= 1) {
          EXPECT_TRUE(std::isnan(out.read()[i]));
        } else if (std::abs(i - 20) <= 1) {
          EXPECT_EQ(out.read()[i], 0);
        } else {
          EXPECT_NEAR(out.read()[i], std::pow(i == 0 || i == 39 ? 2 + 1.0 / 3 : 2.5, -beta), 1e-6);
        }
      }
    }
  }
}

// Even where there is nothing to divide by, and over what was there: other layers count on zeros in
// what pads a block.
TEST(SimdLrn, PaddingStaysZero) {
  std::mt19937 generator(6);
  for (const bool within : {false, true}) {
    for (const int64_t width : {1, 15}) {
      LrnGeometry g = geometry(within, 3, 20, 1, width);
      g.k = 0;
      const Input input(g, generator);
      const FormatPtr blocks = format(g, tag::nChw16c);
      for (const Isa isa : isas()) {
        SCOPED_TRACE(cat(text(g), " ", isa_name(isa)));
        Storage<float> x(count(g)), dy(count(g)), y(count(g)), dx(count(g));
        set(x, input.x);
        set(dy, input.dy);
        for (Storage<float>* out : {&y, &dx}) std::fill_n(out->write(blocks), blocks->size(), 7.0f);
        const auto op = simd::lrn_on(isa, g, blocks);
        op->forward(x, y);
        op->backward(x, y, dy, dx);
        for (Storage<float>* out : {&y, &dx}) {
          const float* packed = out->read(blocks);
          for (int64_t pixel = 0; pixel < width; ++pixel) {
            for (int c = 4; c < 16; ++c) ASSERT_EQ(packed[(width + pixel) * 16 + c], 0);
          }
        }
      }
    }
  }
}

TEST(SimdLrn, DoesNotDependOnThreads) {
  std::mt19937 generator(7);
  for (const bool within : {false, true}) {
    const LrnGeometry g = geometry(within, 5, 6, 120, 110);
    const Input input(g, generator);
    for (const tag order : {tag::nchw, tag::nChw8c}) {
      const auto op = simd::lrn(g, format(g, order));
      std::vector<Result<float>> results;
      for (const int threads : {1, 3}) {
        const ThreadScope scope(threads);
        results.emplace_back(*op, g, input);
      }
      for (int64_t i = 0; i < count(g); ++i) {
        ASSERT_EQ(results[0].y.read()[i], results[1].y.read()[i]) << i;
        ASSERT_EQ(results[0].dx.read()[i], results[1].dx.read()[i]) << i;
      }
    }
  }
}

TEST(SimdLrn, WorksInPlainOrderForOthers) {
  const LrnGeometry g = geometry(false, 3, 16, 2, 2);
  const auto op = simd::lrn(g, format(g, tag::nChw4c));
  ASSERT_NE(op, nullptr);
  EXPECT_EQ(op->top_format(), nullptr);
}

TEST(SimdLrn, Declines) {
  LrnGeometry power = geometry(false, 3, 4, 2, 2);
  power.beta = 1000;
  EXPECT_EQ(simd::lrn(power, nullptr), nullptr);
  EXPECT_EQ(simd::lrn(geometry(true, 3999, 1, 4000, 4000), nullptr), nullptr);
  EXPECT_EQ(simd::lrn(geometry(false, 3, 0, 2, 2), nullptr), nullptr);
}

}  // namespace
}  // namespace test
}  // namespace caffe
