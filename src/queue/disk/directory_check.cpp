#include "logdist/queue/disk/directory_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "logdist/base/writable_folder.hpp"
#include "logdist/os/disk_error.hpp"
#include "logdist/os/file_descriptor.hpp"
#include "logdist/queue/disk/segment_reader.hpp"
#include "queue/disk/recovery.hpp"

namespace logdist::queue {
namespace {

std::string text_of(const std::string& path, int error) { return path + ": " + os::disk_error_text(error) + "."; }

/// Whether files can be made in what is there at `path`.
std::string why_not_writable(const std::string& path, int access) {
  const int error = why_no_files_in(path, access);
  return error == 0 ? "" : text_of(path, error);
}

/// Of one that is to be made, with those above it.
std::string why_not_made(std::string directory) {
  struct stat status {};
  while (::lstat(directory.c_str(), &status) != 0) {
    if (errno != ENOENT) return text_of(directory, errno);
    const std::size_t slash = directory.rfind('/');
    if (slash == std::string::npos) return {};
    directory.resize(slash == 0 ? 1 : slash);
  }
  return why_not_writable(directory, W_OK | X_OK);
}

std::string why_no_lock(const std::string& path) {
  const os::FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  return file.is_open() || errno == ENOENT ? "" : text_of(path, errno);
}

}  // namespace

std::string why_not_open(const std::string& directory, FileSystem& files) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return why_not_made(directory);
  if (std::string why = why_not_writable(directory, R_OK | W_OK | X_OK); !why.empty()) return why;
  if (std::string why = why_no_lock(directory + "/lock"); !why.empty()) return why;
  std::vector<FileEntry> entries;
  if (const std::error_code error = files.list(directory, entries)) return text_of(directory, error.value());
  for (const FileEntry& entry : entries) {
    if (!parse_segment_name(entry.name)) continue;
    const std::string path = directory + "/" + entry.name;
    DecodedSegmentHeader header;
    if (const std::error_code error = read_segment_header(files, path, header)) return text_of(path, error.value());
    if (header.state == SegmentHeaderState::newer) return newer_version_text(path, header.version);
  }
  return {};
}

}  // namespace logdist::queue
