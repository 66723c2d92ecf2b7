// The file of balance.state_file on a real disk.
#include "logdist/storage/balance_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <mutex>

#include "logdist/queue/disk/files/posix_file_system.hpp"
#include "tests/support/temporary_folder.hpp"

namespace logdist::storage {
namespace {

class BalanceFileTest : public testing::Test {
 protected:
  std::unique_ptr<BalanceFile> open() {
    return BalanceFile::open(
        path_, *files_,
        [this](std::error_code error) {
          const std::lock_guard lock(mutex_);
          told_.push_back(error.value());
        },
        fault_);
  }
  static queue::BalanceFigures figures(double deficit) {
    queue::BalanceFigures figures;
    figures.analyzers.push_back({"a", deficit, 0, 1, true, false, false, "http://a/", 1});
    return figures;
  }
  std::vector<int> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  const test::TemporaryFolder folder_;
  const std::string path_ = folder_.file("balance.state");
  const std::unique_ptr<queue::FileSystem> files_ = queue::make_posix_file_system();
  std::string fault_;
  std::mutex mutex_;
  std::vector<int> told_;
};

TEST_F(BalanceFileTest, TheNextOneReadsTheLastStateWritten) {
  queue::DecodedBalanceState state;
  {
    const auto file = open();
    ASSERT_TRUE(file) << fault_;
    EXPECT_FALSE(file->read(state)) << "there is none yet";
    for (int i = 0; i < 100; ++i) file->write(figures(i));
  }
  const auto file = open();
  ASSERT_TRUE(file->read(state));
  EXPECT_EQ(state.fault, queue::BalanceStateFault::none);
  EXPECT_EQ(state.figures, figures(99));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_TRUE(told().empty());
}

TEST_F(BalanceFileTest, WhatIsThereStaysUntilTheNextIsWhole) {
  const auto file = open();
  file->write(figures(1));
  file->flush();
  folder_.write("balance.state.new", "half a state of a process that was killed");
  queue::DecodedBalanceState state;
  ASSERT_TRUE(file->read(state));
  EXPECT_EQ(state.figures, figures(1));
  file->write(figures(2));
  file->flush();
  ASSERT_TRUE(file->read(state));
  EXPECT_EQ(state.figures, figures(2));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(BalanceFileTest, AFailureIsToldOnceAndItsEnd) {
  const auto file = open();
  std::filesystem::create_directories(path_ + "/in the way");
  for (int i = 0; i < 3; ++i) {
    file->write(figures(i));
    file->flush();
  }
  EXPECT_THAT(told(), testing::ElementsAre(EISDIR));
  std::filesystem::remove_all(path_);
  file->write(figures(3));
  file->flush();
  EXPECT_THAT(told(), testing::ElementsAre(EISDIR, 0));
}

TEST_F(BalanceFileTest, HasOneOwner) {
  const auto first = open();
  ASSERT_TRUE(first);
  EXPECT_FALSE(open());
  EXPECT_EQ(fault_, "another process has it (pid " + std::to_string(::getpid()) + ")");
}

TEST_F(BalanceFileTest, SaysWhyItIsNotKept) {
  const auto fault_at = [this](const std::string& path) {
    std::string fault;
    EXPECT_FALSE(BalanceFile::open(
        path, *files_, [](std::error_code) {}, fault));
    return fault;
  };
  EXPECT_EQ(fault_at(folder_.file("none/balance.state")), "there is no " + folder_.file("none"));
  std::filesystem::create_directory(path_ + ".lock");
  EXPECT_EQ(fault_at(path_), path_ + ".lock: Is a directory");
}

TEST_F(BalanceFileTest, ReplacesNothingButAFile) {
  const std::string pipe = folder_.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/null", folder_.file("null"));
  for (const std::string& path : {pipe, folder_.file("null"), folder_.path()}) {
    std::string fault;
    EXPECT_FALSE(BalanceFile::open(
        path, *files_, [](std::error_code) {}, fault));
    EXPECT_EQ(fault, path + " is not a regular file");
    EXPECT_FALSE(std::filesystem::exists(path + ".lock"));
  }
}

}  // namespace
}  // namespace logdist::storage
