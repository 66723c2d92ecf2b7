// A file that one process at a time may hold.
#pragma once

#include <string>
#include <system_error>

#include "logdist/os/file_descriptor.hpp"

namespace logdist::os {

/// Locks the file `path` (flock), which is made if need be, until the descriptor is closed, and writes our pid into it.
/// Without space for the pid it is locked all the same. Not open, with `error`: errc::operation_would_block when
/// another process has it, whose pid is `holder` then.
FileDescriptor lock_with_pid(const std::string& path, std::string& holder, std::error_code& error);

}  // namespace logdist::os
