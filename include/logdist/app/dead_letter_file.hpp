// delivery.dead_letter: packets that no analyzer will take, as JSON lines.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <boost/system/result.hpp>

#include "logdist/app/file_descriptor.hpp"
#include "logdist/base/time.hpp"
#include "logdist/dispatch/dispatcher.hpp"

namespace logdist::app {

/// Appends one line a packet: time, packet_id, reason, messages, content_type
/// and the body as a string, so that `jq -r .body` gives the bytes again.
/// Without a file, and when the file cannot be written, each is logged at error
/// with its id. Thread-safe; a packet's line is on its way to the disk when put()
/// returns.
class DeadLetterFile final : public dispatch::DeadLetters {
 public:
  /// Opens `path` for appending, or none when it is empty. The error is the
  /// system's.
  static boost::system::result<std::unique_ptr<DeadLetterFile>> open(const std::string& path);

  void put(const packet::Packet& packet, DeadLetterReason reason) override;

  /// Opens the file anew by its name, for whoever has renamed it (logrotate). Where
  /// that fails it is logged, and the old one goes on being written.
  void reopen();

  /// Packets whose line could not be written, or not as a whole.
  std::uint64_t write_failures() const { return write_failures_.load(std::memory_order_relaxed); }

 private:
  DeadLetterFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  static FileDescriptor open_to_append(const std::string& path);
  /// 0, or the system's error.
  int write(std::string_view line);
  void warn_of(int error);

  const std::string path_;
  std::atomic<std::uint64_t> write_failures_{0};

  std::mutex mutex_;
  // Guarded by mutex_:
  FileDescriptor file_;  ///< none: only the log
  bool torn_ = false;    ///< the file ends within a line
};

}  // namespace logdist::app
