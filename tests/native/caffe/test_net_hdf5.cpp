#include <gtest/gtest.h>

#include <random>

#include "caffe/io/hdf5_file.hpp"
#include "support/expect_error.hpp"
#include "support/net_case.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

constexpr size_t kChecksumSize = 12;  // behind the end of the file

std::string ip(const std::string& name, const std::string& bottom, const std::string& params = "",
               int outputs = 3) {
  return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
         name + "' " + params + " inner_product_param { num_output: " + std::to_string(outputs) +
         " weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' } } } ";
}

std::string net_of(const std::string& layers) {
  return "name: 'n' layer { name: 'in' type: 'Input' top: 'x' "
         "input_param { shape { dim: 2 dim: 3 } } } " +
         layers;
}

TEST(NetHdf5, SavedWeightsAreLoadedByLayerName) {
  TempDir dir;
  const auto source = make_net(net_of(ip("a/1x1", "x") + ip("b", "a/1x1")), TRAIN, 1);
  source->save(dir / "w.caffemodel.h5");
  ASSERT_TRUE(Hdf5File::recognises(dir / "w.caffemodel.h5"));
  EXPECT_EQ(dir.count_files(), 1);
  const auto target = make_net(net_of(ip("a/1x1", "x") + ip("b", "a/1x1")), TRAIN, 2);
  ASSERT_NE(weights(*target), weights(*source));
  target->copy_trained_layers_from(dir / "w.caffemodel.h5");
  EXPECT_EQ(weights(*target), weights(*source));
}

TEST(NetHdf5, ContentCountsAndNotTheName) {
  TempDir dir;
  const auto source = make_net(net_of(ip("a", "x")), TRAIN, 1);
  source->save(dir / "w.h5");
  std::filesystem::rename(dir / "w.h5", dir / "w.caffemodel");
  const auto target = make_net(net_of(ip("a", "x")), TRAIN, 2);
  target->copy_trained_layers_from(dir / "w.caffemodel");
  EXPECT_EQ(weights(*target), weights(*source));
}

TEST(NetHdf5, OtherLayersStayAsTheyAre) {
  TempDir dir;
  make_net(net_of(ip("a", "x") + ip("old", "a", "", 7)), TRAIN, 1)->save(dir / "w.h5");
  const auto target = make_net(net_of(ip("a", "x") + ip("fresh", "a")), TRAIN, 2);
  const auto before = values(*target->layer(target->layer_index("fresh")).blobs()[0]);
  target->copy_trained_layers_from(dir / "w.h5");
  EXPECT_EQ(values(*target->layer(target->layer_index("fresh")).blobs()[0]), before);
}

TEST(NetHdf5, EveryLayerHasAGroupAndGradientsAreWrittenOnRequest) {
  TempDir dir;
  const auto net = make_net(net_of(ip("a", "x")));
  net->save(dir / "w.h5");
  EXPECT_EQ(Hdf5File::open(dir / "w.h5").count("data"), 2);
  EXPECT_EQ(Hdf5File::open(dir / "w.h5").count("data/in"), 0);
  EXPECT_FALSE(Hdf5File::open(dir / "w.h5").exists("diff"));
  net->save(dir / "d.h5", true);
  EXPECT_EQ(Hdf5File::open(dir / "d.h5").shape("diff/a/1"), (Shape{3}));
}

TEST(NetHdf5, SharedParametersAreWrittenOnce) {
  TempDir dir;
  const std::string text =
      net_of(ip("a", "x", "param { name: 'w' }") + ip("b", "a", "param { name: 'w' }"));
  const auto source = make_net(text, TRAIN, 1);
  source->save(dir / "w.h5", true);
  {
    const Hdf5File file = Hdf5File::open(dir / "w.h5");
    EXPECT_TRUE(file.exists("data/a/0"));
    EXPECT_FALSE(file.exists("data/b/0"));
    EXPECT_TRUE(file.exists("data/b/1"));
    EXPECT_TRUE(file.exists("diff/b/0"));
  }
  const auto target = make_net(text, TRAIN, 2);
  target->copy_trained_layers_from(dir / "w.h5");
  EXPECT_EQ(weights(*target), weights(*source));
  // A net that does not share needs them all.
  const auto apart = make_net(net_of(ip("a", "x") + ip("b", "a")));
  expect_error(Code::kShape, "w.h5: layer 'b', parameter 0 is not there, and needed here",
               [&] { apart->copy_trained_layers_from(dir / "w.h5"); });
}

TEST(NetHdf5, AMismatchNamesFileLayerAndBothShapes) {
  TempDir dir;
  make_net(net_of(ip("a", "x") + ip("b", "a", "", 4)))->save(dir / "w.h5");
  const auto target = make_net(net_of(ip("a", "x") + ip("b", "a")), TRAIN, 2);
  const auto before = weights(*target);
  expect_error(Code::kShape,
               "w.h5: layer 'b', parameter 0: shape 4 3 (12) in the file does not equal shape "
               "3 3 (9) here",
               [&] { target->copy_trained_layers_from(dir / "w.h5"); });
  EXPECT_EQ(weights(*target), before);
  const auto fewer =
      make_net(net_of(ip("a", "x", "") + "layer { name: 'b' type: 'ReLU' bottom: 'a' top: 'b' }"));
  expect_error(Code::kShape, "layer 'b' has more than 0 parameter blobs there and 0 here",
               [&] { fewer->copy_trained_layers_from(dir / "w.h5"); });
}

TEST(NetHdf5, DamagedFilesAreRefused) {
  TempDir dir;
  const auto net = make_net(net_of(ip("a", "x")));
  net->save(dir / "w.h5");
  const std::string content = read_file(dir / "w.h5");
  const auto before = weights(*net);
  write_file(dir / "cut.h5", content.substr(0, content.size() - kChecksumSize - 1));
  expect_error(Code::kParse, "cut.h5' is damaged or truncated",
               [&] { net->copy_trained_layers_from(dir / "cut.h5"); });
  Hdf5File::create(dir / "empty.h5", "empty").close();
  expect_error(Code::kParse, "empty.h5' has no group 'data': it holds no weights",
               [&] { net->copy_trained_layers_from(dir / "empty.h5"); });
  EXPECT_EQ(weights(*net), before);
}

// A file of somebody else's, without a checksum, loads with one wrong byte or is refused with an
// Error.
TEST(NetHdf5, WrongBytesDoNoHarm) {
  TempDir dir;
  const auto net = make_net(net_of(ip("a", "x")));
  net->save(dir / "w.h5");
  std::string content = read_file(dir / "w.h5");
  content.resize(content.size() - kChecksumSize);
  std::mt19937 generator(11);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string damaged = content;
    damaged[generator() % damaged.size()] = static_cast<char>(generator());
    write_file(dir / "damaged.h5", damaged);
    try {
      net->copy_trained_layers_from(dir / "damaged.h5");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(NetHdf5, AFailedSaveLeavesTheOldFile) {
  TempDir dir;
  const auto net = make_net(net_of(ip("a", "x")));
  expect_error(Code::kIo, "nowhere/w.h5' cannot be written: No such file",
               [&] { net->save(dir / "nowhere/w.h5"); });
  write_file(dir / "w.h5", "old");
  expect_error(Code::kUnsupported, "w.h5' cannot be written: layer name 'a//b' is no path",
               [&] { make_net(net_of(ip("a//b", "x")))->save(dir / "w.h5"); });
  EXPECT_EQ(read_file(dir / "w.h5"), "old");
  EXPECT_EQ(dir.count_files(), 1);
}

}  // namespace
}  // namespace test
}  // namespace caffe
