// delivery.dead_letter: packets that no analyzer will take, as JSON lines.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include <boost/system/result.hpp>

#include "logdist/dispatch/dispatcher.hpp"

namespace logdist::app {

/// Appends one line a packet: time, packet_id, reason, messages, content_type
/// and the body as a string, so that `jq -r .body` gives the bytes again.
/// Without a file each is logged at error with its id. Thread-safe; a packet's
/// line is on its way to the disk when put() returns.
class DeadLetterFile final : public dispatch::DeadLetters {
 public:
  /// Opens `path` for appending, or none when it is empty. The error is the
  /// system's.
  static boost::system::result<std::unique_ptr<DeadLetterFile>> open(const std::string& path);

  void put(const packet::Packet& packet, DeadLetterReason reason) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  explicit DeadLetterFile(File file) : file_(std::move(file)) {}

  std::mutex mutex_;
  const File file_;  ///< guarded by mutex_; none: only the log
};

}  // namespace logdist::app
