// Lines of a file or a pipe, each bounded, with a way to end a wait for the next.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"

namespace logdist::tools {

/// Reads one line after the other. Belongs to one thread, but for interrupt().
class LineReader {
 public:
  enum class Taken {
    line,   ///< it is in line()
    quiet,  ///< the deadline has passed within a line, which is kept for the next call
    end,    ///< of the file; or interrupted
  };

  /// Of a longer line than `line_bytes_max` the rest is left out.
  LineReader(os::FileDescriptor file, std::size_t line_bytes_max);

  /// Waits for the next line, at most until `deadline`.
  Taken take(TimePoint deadline);

  /// The line taken, without its LF; moved out.
  std::string line();
  /// Whether that line has lost its end. Asked before line().
  bool is_cut() const { return cut_; }

  /// Ends a take() that waits, and every later one. Any thread.
  void interrupt();

  /// Why the end came early; empty: it did not.
  const std::string& failure() const { return failure_; }

 private:
  enum class Filled { bytes, quiet, end };

  Filled fill(TimePoint deadline);
  void append(std::string_view part);

  // Constant after construction.
  const os::FileDescriptor file_;
  const os::FileDescriptor wake_;  ///< readable once interrupted
  const std::size_t line_bytes_max_;

  std::string chunk_;         ///< bytes read from the file
  std::size_t position_ = 0;  ///< of the first byte of `chunk_` not yet taken
  std::string line_;          ///< the line being put together
  bool cut_ = false;          ///< whether it has lost its end
  std::string failure_;
};

/// Opens a file to be read line by line; "-" is the standard input. Closed, and errno says
/// why, when it cannot be had.
os::FileDescriptor open_lines(const std::string& path);

}  // namespace logdist::tools
