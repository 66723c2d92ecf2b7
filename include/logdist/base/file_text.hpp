// A file's text, read whole and bounded.
#pragma once

#include <cstddef>
#include <string>

namespace logdist {

struct FileText {
  int error = 0;      ///< an error number; 0: it was read
  unsigned mode = 0;  ///< its type and permissions, as of stat(2)
  std::string text;   ///< of a file that is too large one byte more than was asked for
};

/// What may be read: a pipe, such as a shell's `<(…)`, is waited for.
enum class FileKind { any, regular };

/// Reads `path` from its begin, at most `bytes_max` + 1 bytes, which take that much memory meanwhile; no copy of them
/// is left behind. A folder is EISDIR. Where only a regular file may be read, anything else is EINVAL, and is not
/// waited for. Thread-safe.
FileText read_file(const std::string& path, std::size_t bytes_max, FileKind kind);

}  // namespace logdist
