#include <gtest/gtest.h>

#include <filesystem>

#include "caffe/io.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

TEST(Text, SyntaxErrorsTellFileLineAndColumn) {
  TempDir dir;
  write_file(dir / "net.prototxt", "name: 'n'\nlayer {\n  name 'a'\n}\n");
  NetParameter net;
  expect_error(Code::kParse,
               "net.prototxt:3:8: ", [&] { read_text_file(dir / "net.prototxt", &net); });
}

TEST(Text, UnknownFieldsAreNamed) {
  NetParameter net;
  expect_error(Code::kParse, "my net:2:13: ", [&] {
    parse_text("name: 'n'\nlayer { naem: 'a' }", "my net", &net);
  });
  expect_error(Code::kParse, "\"naem\"", [&] { parse_text("layer { naem: 'a' }", "x", &net); });
  expect_error(Code::kParse, "\"MEDIAN\"",
               [&] { parse_text("layer { pooling_param { pool: MEDIAN } }", "x", &net); });
}

TEST(Text, NamesNearToAWrongOneAreTold) {
  NetParameter net;
  const auto expect = [&](const std::string& text, const std::string& message) {
    expect_error(Code::kParse, message, [&] { parse_text(text, "x", &net); });
  };
  expect("layer {\n convolution_param {\n kernal_size: 3 } }",
         "x:3:13: Message type \"caffe.ConvolutionParameter\" has no field named "
         "\"kernal_size\"; did you mean kernel_size?");
  expect("layer { pooling_param { pool: MAXX } }",
         "Unknown enumeration value of \"MAXX\" for field \"pool\"; did you mean MAX?");
  expect("layer { zzzzzz: 1 }", "has no field named \"zzzzzz\".");
}

TEST(Text, FilesThatCannotBeReadAreNamed) {
  TempDir dir;
  NetParameter net;
  expect_error(Code::kIo, "none.prototxt' cannot be opened: No such file",
               [&] { read_text_file(dir / "none.prototxt", &net); });
  expect_error(Code::kIo, dir.path(), [&] { read_text_file(dir.path(), &net); });
}

TEST(Text, AFileThatIsTooLargeIsNotRead) {
  TempDir dir;
  write_file(dir / "net.prototxt", "");
  std::filesystem::resize_file(dir / "net.prototxt", int64_t{3} << 30);  // takes no room
  NetParameter net;
  expect_error(Code::kParse, "net.prototxt has 3221225472 bytes or more",
               [&] { read_text_file(dir / "net.prototxt", &net); });
}

TEST(Text, AnEmptyFileIsAnEmptyMessage) {
  TempDir dir;
  write_file(dir / "net.prototxt", "");
  NetParameter net;
  read_text_file(dir / "net.prototxt", &net);
  EXPECT_EQ(net.layer_size(), 0);
}

TEST(Text, RoundTrip) {
  SolverParameter solver, again;
  parse_text("net: 'a.prototxt' base_lr: 0.001 stepvalue: 3 stepvalue: 5", "x", &solver);
  parse_text(to_text(solver), "x", &again);
  EXPECT_EQ(again.SerializeAsString(), solver.SerializeAsString());
  EXPECT_EQ(again.stepvalue(1), 5);
}

}  // namespace
}  // namespace test
}  // namespace caffe
