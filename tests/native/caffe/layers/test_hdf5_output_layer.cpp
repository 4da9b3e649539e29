#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/layer_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

using Case = LayerCase<float>;

std::string hdf5_output(const std::string& name) {
  return "type: 'HDF5Output' hdf5_output_param { file_name: '" + name + "' }";
}

TEST(Hdf5OutputLayer, WritesBothBottomsOnce) {
  TempDir dir;
  write_file(dir / "a.h5", "old");
  Case layer(hdf5_output(dir / "a.h5"), {{2, 3, 1, 2}, {2}}, 0);
  layer.setup().forward();
  {
    const Hdf5File file = Hdf5File::open(dir / "a.h5");
    EXPECT_EQ(file.shape("data"), (Shape{2, 3, 1, 2}));
    EXPECT_EQ(file.shape("label"), (Shape{2, 1, 1, 1}));
    std::vector<float> data(12), label(2);
    file.read("data", 12, data.data());
    file.read("label", 2, label.data());
    EXPECT_EQ(data, Case::data(layer.bottom(0)));
    EXPECT_EQ(label, Case::data(layer.bottom(1)));
  }
  expect_error(Code::kState, "layer 'l' (HDF5Output): '", [&] { layer.forward(); });
  expect_error(Code::kState, "a.h5' has its data already", [&] { layer.forward(); });
  EXPECT_EQ(Hdf5File::open(dir / "a.h5").count("/"), 2);
}

TEST(Hdf5OutputLayer, GradientsAreZero) {
  TempDir dir;
  Case layer(hdf5_output(dir / "a.h5"), {{2}, {2}}, 0);
  Case::set_diff(layer.bottom(0), {1, 2});
  Case::set_diff(layer.bottom(1), {3, 4});
  layer.propagate() = {true, false};
  layer.setup().forward();
  layer.backward();
  EXPECT_EQ(Case::diff(layer.bottom(0)), (std::vector<float>{0, 0}));
  EXPECT_EQ(Case::diff(layer.bottom(1)), (std::vector<float>{3, 4}));
}

TEST(Hdf5OutputLayer, Errors) {
  TempDir dir;
  Case unnamed("type: 'HDF5Output'", {{2}, {2}}, 0);
  expect_error(Code::kBadNet, "needs hdf5_output_param.file_name", [&] { unnamed.setup(); });
  Case nowhere(hdf5_output(dir / "nowhere/a.h5"), {{2}, {2}}, 0);
  expect_error(Code::kIo, "nowhere/a.h5' cannot be written: No such file",
               [&] { nowhere.setup(); });
  Case uneven(hdf5_output(dir / "a.h5"), {{2, 3}, {3}}, 0);
  expect_error(Code::kShape, "data has 2 items, and its labels are 3", [&] { uneven.setup(); });
  Case deep(hdf5_output(dir / "a.h5"), {{2, 1, 1, 1, 1}, {2}}, 0);
  expect_error(Code::kShape, "layer 'l' (HDF5Output): ", [&] { deep.setup(); });
}

}  // namespace
}  // namespace test
}  // namespace caffe
