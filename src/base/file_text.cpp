#include "logdist/base/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace logdist {
namespace {

/// 0, or why not.
int read_into(int descriptor, std::string& text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno != EINTR) return errno;
    if (count == 0) break;
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return 0;
}

int read_descriptor(int descriptor, std::size_t bytes_max, FileKind kind, FileText& file) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return errno;
  file.mode = facts.st_mode;
  if (S_ISDIR(facts.st_mode)) return EISDIR;
  if (kind == FileKind::regular && !S_ISREG(facts.st_mode)) return EINVAL;
  file.text.resize(bytes_max + 1);  // at once: it may be a secret, of which growing would leave copies
  return read_into(descriptor, file.text);
}

}  // namespace

FileText read_file(const std::string& path, std::size_t bytes_max, FileKind kind) {
  FileText file;
  const int waits = kind == FileKind::regular ? O_NONBLOCK : 0;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | waits);
  file.error = descriptor < 0 ? errno : read_descriptor(descriptor, bytes_max, kind, file);
  if (descriptor >= 0) ::close(descriptor);
  if (file.error != 0) file.text.clear();
  return file;
}

}  // namespace logdist
