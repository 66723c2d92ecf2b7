#include "logdist/os/pid_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace logdist::os {

FileDescriptor lock_with_pid(const std::string& path, std::string& holder, std::error_code& error) {
  const auto last_error = [] { return std::error_code(errno, std::generic_category()); };
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open() || ::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    error = last_error();
    std::array<char, 32> text{};
    const ssize_t got = file.is_open() ? ::pread(file.number(), text.data(), text.size(), 0) : 0;
    holder.assign(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    return {};
  }
  error.clear();
  // The lock is flock's alone; the pid is only told.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.number(), 0) != 0 || ::pwrite(file.number(), pid.data(), pid.size(), 0) < 0) {
    error = last_error();
    if (error.value() != ENOSPC && error.value() != EDQUOT) return {};
    error.clear();
  }
  return file;
}

}  // namespace logdist::os
