#include "logdist/os/disk_error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace logdist::os {
namespace {

TEST(DiskError, SaysWhatADamagedFileSystemIs) {
  EXPECT_EQ(disk_error_text(ENOSPC), "No space left on device");
  EXPECT_EQ(disk_error_text(EBADMSG), "Bad message (the file system is damaged: repair it with fsck)");
  EXPECT_EQ(disk_error_text(EUCLEAN), "Structure needs cleaning (the file system is damaged: repair it with fsck)");
}

}  // namespace
}  // namespace logdist::os
