// The disk of this machine.
#pragma once

#include <memory>

#include "logdist/queue/disk/files/file_system.hpp"

namespace logdist::queue {

/// Buffered writes by pwritev, fdatasync, fallocate, and flock for the directory, whose holder's pid is in the file
/// `lock`. io_uring and O_DIRECT gain nothing here: a commit is one write and one sync.
std::unique_ptr<FileSystem> make_posix_file_system();

}  // namespace logdist::queue
