#include "logdist/queue/disk/files/posix_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

#include "logdist/os/file_descriptor.hpp"
#include "logdist/os/pid_lock.hpp"

namespace logdist::queue {
namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

/// Calls a system call until no signal interrupts it.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Drops `bytes` from the beginning of `pieces`.
std::span<iovec> without_first(std::span<iovec> pieces, std::size_t bytes) {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
    pieces.front().iov_len -= bytes;
  }
  return pieces;
}

class PosixFile final : public File {
 public:
  explicit PosixFile(os::FileDescriptor file) : file_(std::move(file)) {}

  std::error_code write(std::uint64_t offset, std::span<iovec> pieces) override {
    pieces = without_first(pieces, 0);
    while (!pieces.empty()) {
      const int count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
      const ssize_t written =
          uninterrupted([&] { return ::pwritev(file_.number(), pieces.data(), count, static_cast<off_t>(offset)); });
      if (written < 0) return last_error();
      if (written == 0) return std::make_error_code(std::errc::io_error);
      offset += static_cast<std::uint64_t>(written);
      pieces = without_first(pieces, static_cast<std::size_t>(written));
    }
    return still_there();
  }

  std::error_code sync() override {
    // Never again after a failure: the kernel has dropped the pages by then, and would say that all is well.
    return ::fdatasync(file_.number()) == 0 ? still_there() : last_error();
  }

  std::error_code read(std::uint64_t offset, std::span<char> out, std::size_t& bytes_read) override {
    bytes_read = 0;
    while (!out.empty()) {
      const ssize_t got = uninterrupted(
          [&] { return ::pread(file_.number(), out.data(), out.size(), static_cast<off_t>(offset + bytes_read)); });
      if (got < 0) return last_error();
      if (got == 0) break;
      bytes_read += static_cast<std::size_t>(got);
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

  std::error_code allocate(std::uint64_t bytes) override {
    const int error = ::posix_fallocate(file_.number(), 0, static_cast<off_t>(bytes));
    return {error, std::generic_category()};
  }

  std::error_code truncate(std::uint64_t bytes) override {
    return ::ftruncate(file_.number(), static_cast<off_t>(bytes)) == 0 ? std::error_code{} : last_error();
  }

 private:
  /// The kernel goes on writing a file that somebody has deleted, and no start would find what is in it.
  std::error_code still_there() const {
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) return last_error();
    return status.st_nlink > 0 ? std::error_code{} : std::make_error_code(std::errc::no_such_file_or_directory);
  }

  os::FileDescriptor file_;
};

class PosixLock final : public DirectoryLock {
 public:
  explicit PosixLock(os::FileDescriptor file) : file_(std::move(file)) {}

 private:
  os::FileDescriptor file_;
};

class PosixFileSystem final : public FileSystem {
 public:
  std::unique_ptr<File> open(const std::string& path, Open how, std::error_code& error) override {
    const int flags = how == Open::read ? O_RDONLY : how == Open::write ? O_RDWR : O_RDWR | O_CREAT | O_EXCL;
    // A pipe, which is none of ours, is not waited for.
    const int always = O_CLOEXEC | O_NONBLOCK;
    os::FileDescriptor file(uninterrupted([&] { return ::open(path.c_str(), flags | always, 0600); }));
    error = file.is_open() ? std::error_code{} : last_error();
    if (!file.is_open()) return nullptr;
    return std::make_unique<PosixFile>(std::move(file));
  }

  std::error_code rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? std::error_code{} : last_error();
  }

  std::error_code remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? std::error_code{} : last_error();
  }

  std::error_code list(const std::string& directory, std::vector<FileEntry>& entries) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(directory.c_str()), ::closedir);
    if (!stream) return last_error();
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) return errno == 0 ? std::error_code{} : last_error();
      struct stat status {};
      const std::string path = directory + "/" + entry->d_name;
      if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      entries.push_back({entry->d_name, static_cast<std::uint64_t>(status.st_size)});
    }
  }

  std::error_code sync_directory(const std::string& directory) override {
    const os::FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file.is_open() || ::fsync(file.number()) != 0) return last_error();
    return {};
  }

  std::error_code make_directory(const std::string& directory) override {
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
    if (errno != ENOENT) return last_error();
    const std::size_t slash = directory.rfind('/');
    if (slash == std::string::npos || slash == 0) return last_error();
    if (const std::error_code error = make_directory(directory.substr(0, slash))) return error;
    return ::mkdir(directory.c_str(), 0700) == 0 ? std::error_code{} : last_error();
  }

  std::unique_ptr<DirectoryLock> lock(const std::string& directory, std::string& holder,
                                      std::error_code& error) override {
    os::FileDescriptor file = os::lock_with_pid(directory + "/lock", holder, error);
    if (!file.is_open()) return nullptr;
    return std::make_unique<PosixLock>(std::move(file));
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace logdist::queue
