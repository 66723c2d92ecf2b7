// Whether a directory can be a durable queue's.
#pragma once

#include <string>

#include "logdist/queue/disk/files/file_system.hpp"

namespace logdist::queue {

/// Why DurableLog::open() would fail there, as far as can be seen without making or changing anything; empty: it would
/// not. That another process has the directory is no reason.
std::string why_not_open(const std::string& directory, FileSystem& files);

}  // namespace logdist::queue
