#include "logdist/base/file_text.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace logdist {
namespace {

class ReadFile : public testing::Test {
 protected:
  const test::TemporaryFolder folder_;
};

TEST_F(ReadFile, GivesTheWholeTextAndItsMode) {
  folder_.write("a", std::string("one\0two\n", 8));
  ASSERT_EQ(::chmod(folder_.file("a").c_str(), 0640), 0);
  const FileText file = read_file(folder_.file("a"), 8, FileKind::regular);
  EXPECT_EQ(file.error, 0);
  EXPECT_EQ(file.text, std::string("one\0two\n", 8));
  EXPECT_EQ(file.mode & 07777U, 0640U);
}

TEST_F(ReadFile, OneThatIsTooLargeShows) {
  folder_.write("a", "123456789");
  EXPECT_EQ(read_file(folder_.file("a"), 8, FileKind::any).text.size(), 9U);
  folder_.write("a", std::string(100, 'x'));
  EXPECT_EQ(read_file(folder_.file("a"), 8, FileKind::any).text.size(), 9U);
}

TEST_F(ReadFile, AnEmptyOneIsAText) {
  folder_.write("a", "");
  const FileText file = read_file(folder_.file("a"), 8, FileKind::any);
  EXPECT_EQ(file.error, 0);
  EXPECT_TRUE(file.text.empty());
}

TEST_F(ReadFile, FilesOfTheKernelAreRead) {
  const FileText file = read_file("/proc/self/stat", 4096, FileKind::regular);
  EXPECT_EQ(file.error, 0);
  EXPECT_FALSE(file.text.empty());
}

TEST_F(ReadFile, SaysWhyNot) {
  EXPECT_EQ(read_file(folder_.file("none"), 8, FileKind::any).error, ENOENT);
  EXPECT_EQ(read_file(folder_.path(), 8, FileKind::any).error, EISDIR);
  EXPECT_EQ(read_file(folder_.path(), 8, FileKind::regular).error, EISDIR);
  EXPECT_EQ(read_file("/dev/null", 8, FileKind::regular).error, EINVAL);
}

TEST_F(ReadFile, APipeIsNotWaitedForWhereItMayNotBeRead) {
  ASSERT_EQ(::mkfifo(folder_.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder_.file("pipe"), 8, FileKind::regular).error, EINVAL);
}

}  // namespace
}  // namespace logdist
