// Writes the log's lines without ever letting their reader hold anybody up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "logdist/base/time.hpp"

namespace logdist::log {

/// Lines on their way to a file descriptor, which a thread of its own writes: the descriptor may be a pipe that nobody
/// reads, and its flags are left alone, for it is shared with whoever started us. When as many lines or bytes wait as
/// may, the oldest are dropped and counted. Thread-safe; the descriptor outlives the process's use of it.
class LineWriter {
 public:
  static constexpr std::size_t lines_max = 8192;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20;
  /// A reader that has taken nothing for so long is not waited for at the end; nor is a slow one for longer than that.
  static constexpr Duration stuck_after = std::chrono::milliseconds(500);
  static constexpr Duration end_max = std::chrono::seconds(2);

  explicit LineWriter(int descriptor);
  /// As end().
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Never waits for the reader.
  void put(std::string line);
  /// Waits until all is written, or the reader is stuck: then the rest is dropped, and the thread is left where it is,
  /// for the end of the process to take. Nothing is taken afterwards. Not beside itself.
  void end();

  /// Lines that were never written.
  std::uint64_t dropped() const;
  /// Those since the last call, once there is space again for a line that tells of them; else 0.
  std::uint64_t take_dropped();

 private:
  class Queue;
  const std::shared_ptr<Queue> queue_;  ///< shared with the thread, which may outlive us
  std::thread thread_;
};

}  // namespace logdist::log
