#include <gtest/gtest.h>

#include "support/ccaffe_client.hpp"
#include "support/temp_dir.hpp"

namespace ccaffe_test {
namespace {

TEST(Spec, TextRoundTrip) {
  const std::string bytes = message(CCAFFE_SPEC_SOLVER, "net: 'a.prototxt' base_lr: 0.5");
  ccaffe_buffer* text = nullptr;
  ok(ccaffe_spec_to_text(CCAFFE_SPEC_SOLVER, bytes.data(), bytes.size(), &text));
  EXPECT_EQ(take(text), "base_lr: 0.5\nnet: \"a.prototxt\"\n");
}

TEST(Spec, FilesAreReadAndUpgraded) {
  const caffe::test::TempDir dir;
  caffe::test::write_file(dir / "net.prototxt", "input: 'x' input_shape { dim: 2 }");
  ccaffe_buffer* buffer = nullptr;
  ok(ccaffe_spec_from_file(CCAFFE_SPEC_NET, (dir / "net.prototxt").c_str(), &buffer));
  caffe::NetParameter net;
  ASSERT_TRUE(net.ParseFromString(take(buffer)));
  EXPECT_EQ(net.layer(0).type(), "Input");
  caffe::test::write_file(dir / "solver.prototxt", "solver_type: ADAM");
  ok(ccaffe_spec_from_file(CCAFFE_SPEC_SOLVER, (dir / "solver.prototxt").c_str(), &buffer));
  caffe::SolverParameter solver;
  ASSERT_TRUE(solver.ParseFromString(take(buffer)));
  EXPECT_EQ(solver.type(), "Adam");
  EXPECT_EQ(solver.snapshot_prefix(), dir / "solver");
}

TEST(Spec, MistakesAreNamed) {
  ccaffe_buffer* buffer = nullptr;
  const std::string bad = "name: 'n'\nlayer { naem: 'a' }";
  expect_status(ccaffe_spec_from_text(CCAFFE_SPEC_NET, bad.data(), bad.size(), "my net", &buffer),
                CCAFFE_PARSE, "my net:2:");
  expect_status(ccaffe_spec_from_text(CCAFFE_SPEC_NET, bad.data(), bad.size(), nullptr, &buffer),
                CCAFFE_PARSE, "\"naem\"");
  expect_status(ccaffe_spec_from_file(CCAFFE_SPEC_NET, "no/net.prototxt", &buffer), CCAFFE_IO,
                "no/net.prototxt");
  expect_status(ccaffe_spec_to_text(CCAFFE_SPEC_NET, "\xff\xff", 2, &buffer), CCAFFE_PARSE,
                "caffe.NetParameter");
  expect_status(ccaffe_spec_from_text(7, "", 0, "x", &buffer), CCAFFE_INVALID_ARGUMENT, "kind 7");
  expect_status(ccaffe_spec_from_text(0, nullptr, 0, "x", &buffer), CCAFFE_INVALID_ARGUMENT,
                "text is null");
  expect_status(ccaffe_spec_from_file(0, nullptr, &buffer), CCAFFE_INVALID_ARGUMENT,
                "filename is null");
  expect_status(ccaffe_spec_from_file(0, "x", nullptr), CCAFFE_INVALID_ARGUMENT, "message is null");
  EXPECT_EQ(buffer, nullptr);
}

}  // namespace
}  // namespace ccaffe_test
