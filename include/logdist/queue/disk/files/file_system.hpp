// What the durable queue asks of a disk, so that a simulated one can lose, tear and refuse.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "logdist/queue/disk/files/crash_points.hpp"

namespace logdist::queue {

/// An open file. Used by one thread at a time; closed with its owner.
class File {
 public:
  virtual ~File() = default;

  /// Writes all of `pieces`, one after the other, at `offset`. They may be changed.
  virtual std::error_code write(std::uint64_t offset, std::span<iovec> pieces) = 0;
  /// Waits until all that was written is on stable storage, and the length that reading it back needs.
  virtual std::error_code sync() = 0;
  /// Reads up to `out.size()` bytes; less only at the end of the file.
  virtual std::error_code read(std::uint64_t offset, std::span<char> out, std::size_t& bytes_read) = 0;
  /// Takes the space for so many bytes, which read as zeros.
  virtual std::error_code allocate(std::uint64_t bytes) = 0;
  virtual std::error_code truncate(std::uint64_t bytes) = 0;
};

struct FileEntry {
  std::string name;
  std::uint64_t bytes = 0;
};

/// Holds a directory against other daemons until it is destroyed.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

/// Errors are values. A failed write may have written any part; after a failed sync nothing is known of what was
/// written since the last good one, and syncing again proves nothing: the file is not used any more.
/// Thread-safe. Paths are absolute.
class FileSystem {
 public:
  enum class Open : std::uint8_t { create_new, write, read };

  virtual ~FileSystem() = default;

  /// Null with `error`. New files have mode 0600.
  virtual std::unique_ptr<File> open(const std::string& path, Open how, std::error_code& error) = 0;
  virtual std::error_code rename(const std::string& from, const std::string& to) = 0;
  virtual std::error_code remove(const std::string& path) = 0;
  /// The files of a directory, in any order.
  virtual std::error_code list(const std::string& directory, std::vector<FileEntry>& entries) = 0;
  /// Makes created, renamed and removed names last.
  virtual std::error_code sync_directory(const std::string& directory) = 0;
  /// With mode 0700, and its parents; no error when it is there.
  virtual std::error_code make_directory(const std::string& directory) = 0;
  /// Null with `error`; `resource_unavailable_try_again` when another holds it, whose pid is `holder` if known.
  virtual std::unique_ptr<DirectoryLock> lock(const std::string& directory, std::string& holder,
                                              std::error_code& error) = 0;

  /// The code has come to a named point.
  virtual void reached(CrashPoint) {}
};

}  // namespace logdist::queue
