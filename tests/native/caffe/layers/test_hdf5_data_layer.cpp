#include <algorithm>

#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

// Row r of `x` is (first + r, -(first + r)), of `y` 10 (first + r).
void write_rows(const std::string& name, int first, int rows) {
  std::vector<float> x;
  std::vector<int> y;
  for (int r = first; r < first + rows; ++r) {
    x.insert(x.end(), {static_cast<float>(r), static_cast<float>(-r)});
    y.push_back(10 * r);
  }
  Hdf5File file = Hdf5File::create(name, name);
  file.write("x", {rows, 1, 2}, x.data());
  file.write("y", {rows}, y.data());
  file.close();
}

std::string hdf5_data(const std::string& source, int batch, const std::string& more = "") {
  return cat("type: 'HDF5Data' top: 'x' top: 'y' hdf5_data_param { source: '", source,
             "' batch_size: ", batch, " ", more, " }");
}

class Hdf5DataLayer : public ::testing::Test {
 protected:
  // Files of 3 and 2 rows: 0..2 and 3..4.
  Hdf5DataLayer() {
    write_rows(dir_ / "a.h5", 0, 3);
    write_rows(dir_ / "b.h5", 3, 2);
    write_file(source_, (dir_ / "a.h5") + "\n" + (dir_ / "b.h5") + "\n");
  }

  // Rows of the next `batches`.
  static std::vector<int> rows(Case* layer, int batches) {
    std::vector<int> all;
    for (int i = 0; i < batches; ++i) {
      layer->forward();
      const std::vector<float> x = Case::data(layer->top(0)), y = Case::data(layer->top(1));
      for (size_t k = 0; k < y.size(); ++k) {
        EXPECT_EQ(x[2 * k], -x[2 * k + 1]);
        EXPECT_EQ(10 * x[2 * k], y[k]);  // tops stay together
        all.push_back(static_cast<int>(x[2 * k]));
      }
    }
    return all;
  }

  TempDir dir_;
  const std::string source_ = dir_ / "list.txt";
};

TEST_F(Hdf5DataLayer, BatchesRunAcrossFilesAndAround) {
  Case layer(hdf5_data(source_, 4), {}, 2);
  layer.setup();
  EXPECT_EQ(layer.top(0).shape(), (Shape{4, 1, 2}));
  EXPECT_EQ(layer.top(1).shape(), (Shape{4}));
  EXPECT_EQ(rows(&layer, 3), (std::vector<int>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}));
}

TEST_F(Hdf5DataLayer, ABatchMayBeLargerThanAllFiles) {
  write_file(source_, dir_ / "b.h5");
  Case layer(hdf5_data(source_, 5), {}, 2);
  layer.setup();
  EXPECT_EQ(rows(&layer, 2), (std::vector<int>{3, 4, 3, 4, 3, 4, 3, 4, 3, 4}));
}

TEST_F(Hdf5DataLayer, ShuffledPassesHaveEveryRowOnce) {
  write_rows(dir_ / "a.h5", 0, 50);
  write_rows(dir_ / "b.h5", 50, 50);
  Case layer(hdf5_data(source_, 50, "shuffle: true"), {}, 2);
  layer.setup();
  std::vector<std::vector<int>> passes;
  for (int pass = 0; pass < 2; ++pass) {
    passes.push_back(rows(&layer, 2));
    // Files one after the other, rows of each in disorder.
    const int first = passes.back()[0] / 50;
    for (int k = 0; k < 100; ++k) EXPECT_EQ(passes.back()[k] / 50, k < 50 ? first : 1 - first);
    std::vector<int> sorted = passes.back();
    EXPECT_FALSE(std::is_sorted(sorted.begin(), sorted.begin() + 50));
    std::sort(sorted.begin(), sorted.end());
    for (int k = 0; k < 100; ++k) EXPECT_EQ(sorted[k], k);
  }
  EXPECT_NE(passes[0], passes[1]);
  write_file(source_, dir_ / "a.h5");
  Case single(hdf5_data(source_, 50, "shuffle: true"), {}, 2);
  single.setup();
  EXPECT_NE(rows(&single, 1), rows(&single, 1));
}

TEST_F(Hdf5DataLayer, ErrorsOfTheLayer) {
  const auto expect_refused = [](Code code, const std::string& part, const std::string& text) {
    Case layer(text, {}, 2);
    expect_error(code, "layer 'l' (HDF5Data): ", [&] { layer.setup(); });
    expect_error(code, part, [&] { layer.setup(); });
  };
  write_file(dir_ / "empty.txt", "\n");
  write_file(dir_ / "missing.txt", dir_ / "none.h5");
  expect_refused(Code::kBadNet, "batch_size must be positive", hdf5_data(source_, 0));
  expect_refused(Code::kBadNet, "transform_param must not be given",
                 hdf5_data(source_, 1) + " transform_param { scale: 2 }");
  expect_refused(Code::kIo, "none.txt' cannot be opened", hdf5_data(dir_ / "none.txt", 1));
  expect_refused(Code::kBadNet, "empty.txt' names no HDF5 file", hdf5_data(dir_ / "empty.txt", 1));
  expect_refused(Code::kIo, "none.h5' cannot be opened", hdf5_data(dir_ / "missing.txt", 1));
  expect_refused(Code::kParse, "a.h5' has no dataset 'z'",
                 "type: 'HDF5Data' top: 'x' top: 'z' hdf5_data_param { source: '" + source_ +
                     "' batch_size: 1 }");
}

TEST_F(Hdf5DataLayer, ErrorsOfFiles) {
  const std::vector<float> values(12);
  const auto expect_refused = [&](const Shape& x, const Shape& y, const std::string& part) {
    const std::string name = dir_ / "b.h5";
    Hdf5File file = Hdf5File::create(name, name);
    file.write("x", x, values.data());
    file.write("y", y, values.data());
    file.close();
    Case layer(hdf5_data(source_, 3), {}, 2);
    layer.setup().forward();  // of a.h5 alone
    expect_error(Code::kShape, part, [&] { layer.forward(); });
  };
  expect_refused({2, 1, 2}, {3}, "b.h5': dataset 'y' has 3 rows, and 'x' has 2");
  expect_refused({2, 1, 3}, {2}, "b.h5': rows of 'x' have the shape 1 3 (3), not 1 2 (2)");
  expect_refused({0, 1, 2}, {0}, "b.h5': dataset 'x' has 0 rows");
  expect_refused({}, {2}, "b.h5': dataset 'x' has no rows");
}

}  // namespace
}  // namespace test
}  // namespace caffe
