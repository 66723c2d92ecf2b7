// Where files can be made, and where not even root can.
#include "logdist/base/writable_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "tests/support/temporary_folder.hpp"

namespace logdist {
namespace {

constexpr int to_write = W_OK | X_OK;

TEST(WritableFolder, OneOfOurOwnIs) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(why_no_files_in(folder.file(""), to_write), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder.file(""))) << "made by a look";
}

TEST(WritableFolder, WhatIsNoFolderIsNot) {
  test::TemporaryFolder folder;
  EXPECT_EQ(why_no_files_in(folder.file("none"), to_write), ENOENT);
  EXPECT_EQ(why_no_files_in(folder.write("file", ""), to_write), ENOTDIR);
}

TEST(WritableFolder, OneOfTheKernelsIsNot) {
  for (const char* folder : {"/proc", "/proc/self", "/sys"}) {
    if (!std::filesystem::exists(folder)) continue;
    EXPECT_NE(why_no_files_in(folder, to_write), 0) << folder;
  }
}

}  // namespace
}  // namespace logdist
