#include <gtest/gtest.h>

#include <vector>

#include "caffe/log.hpp"
#include "support/expect_error.hpp"
#include "support/temp_dir.hpp"

namespace caffe {
namespace test {
namespace {

class LogFile : public ::testing::Test {
 protected:
  ~LogFile() override { log_to("", LogLevel::kInfo); }
  TempDir dir_;
};

TEST_F(LogFile, LinesCarryLevelAndTime) {
  log_to(dir_ / "log", LogLevel::kInfo);
  log_info("iteration ", 3);
  log_warning("careful");
  const std::string text = read_file(dir_ / "log");
  EXPECT_EQ(text.substr(0, 4), "I 20");
  EXPECT_NE(text.find(" iteration 3\nW 20"), std::string::npos) << text;
}

TEST_F(LogFile, LowerLevelsAreLeftOut) {
  log_to(dir_ / "log", LogLevel::kWarning);
  log_info("quiet");
  log_warning("loud");
  log(LogLevel::kNothing, "never");
  const std::string text = read_file(dir_ / "log");
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_EQ(text.find("never"), std::string::npos);
  EXPECT_NE(text.find("loud"), std::string::npos);
}

TEST_F(LogFile, ASecondFileIsAppendedTo) {
  write_file(dir_ / "log", "before\n");
  log_to(dir_ / "log", LogLevel::kInfo);
  log_info("one");
  log_to(dir_ / "other", LogLevel::kInfo);
  log_info("two");
  EXPECT_EQ(read_file(dir_ / "log").substr(0, 7), "before\n");
  EXPECT_EQ(read_file(dir_ / "log").find("two"), std::string::npos);
  EXPECT_NE(read_file(dir_ / "other").find("two"), std::string::npos);
}

TEST_F(LogFile, AFileThatCannotBeOpenedChangesNothing) {
  log_to(dir_ / "log", LogLevel::kInfo);
  expect_error(Code::kIo, "missing/log", [&] { log_to(dir_ / "missing/log", LogLevel::kInfo); });
  log_info("still here");
  EXPECT_NE(read_file(dir_ / "log").find("still here"), std::string::npos);
}

class Warnings : public LogFile {
 protected:
  Warnings() {
    warnings_to([this](const std::string& text) { told_.push_back(text); });
  }
  ~Warnings() override { warnings_to(nullptr); }
  std::vector<std::string> told_;
};

TEST_F(Warnings, AReceiverHasThemInPlaceOfStderr) {
  ::testing::internal::CaptureStderr();
  log_warning("field ", 1);
  log_info("iteration ", 3);
  std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(told_, std::vector<std::string>{"field 1"});
  EXPECT_EQ(text.find("field 1"), std::string::npos) << text;
  EXPECT_NE(text.find("iteration 3"), std::string::npos) << text;
  ::testing::internal::CaptureStderr();
  warnings_to(nullptr);
  log_warning("field 2");
  text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(told_.size(), 1u);
  EXPECT_NE(text.find("field 2"), std::string::npos) << text;
}

TEST_F(Warnings, ALogFileHasThemToo) {
  log_to(dir_ / "log", LogLevel::kWarning);
  log_warning("field 1");
  EXPECT_EQ(told_, std::vector<std::string>{"field 1"});
  EXPECT_NE(read_file(dir_ / "log").find("field 1"), std::string::npos);
}

TEST_F(Warnings, WhatTheLogLeavesOutIsNotTold) {
  log_to("", LogLevel::kError);
  log_warning("field 1");
  EXPECT_TRUE(told_.empty());
}

TEST_F(Warnings, AReceiverMayLog) {
  log_to(dir_ / "log", LogLevel::kInfo);
  warnings_to([](const std::string& text) { log_info("told: ", text); });
  log_warning("field 1");
  EXPECT_NE(read_file(dir_ / "log").find("told: field 1"), std::string::npos);
}

}  // namespace
}  // namespace test
}  // namespace caffe
