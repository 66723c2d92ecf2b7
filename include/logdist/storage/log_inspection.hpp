// What is in the directory of a durable queue, without its daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/queue/disk/files/file_system.hpp"
#include "logdist/queue/log/record.hpp"
#include "logdist/queue/log/segment_summary.hpp"
#include "logdist/queue/log/settled.hpp"

namespace logdist::storage {

/// A file of the queue, as a start would read it.
struct InspectedSegment {
  std::string name;
  std::uint64_t bytes = 0;
  bool has_header = true;                        ///< else damaged, or it was never begun
  std::uint32_t records = 0;                     ///< that count
  std::uint64_t packets = 0;                     ///< of them
  std::uint64_t unsettled = 0;                   ///< packets that a start would deliver
  std::vector<queue::DamagedStretch> damaged{};  ///< what was on stable storage and is not readable
  std::uint32_t torn_records = 0;                ///< at its end, never acknowledged under `always`
};

/// A packet as it was appended. The views are good for the call that is given it.
struct InspectedPacket {
  std::uint64_t id = 0;
  std::int64_t received_at_ns = 0;  ///< since 1970
  std::uint32_t messages = 0;
  queue::PacketMetadata metadata;
  std::string_view body;
  std::optional<queue::SettledAs> settled;  ///< none: a start would deliver it
};

/// Reads a directory and changes nothing in it. A daemon may be at work there: what it does meanwhile may be missing.
/// Holds some bytes for each packet that is settled. Not thread-safe.
class LogInspection {
 public:
  /// Reads all files once. Null with `error`, a sentence: the directory cannot be read, or is of a newer version.
  static std::unique_ptr<LogInspection> open(const std::string& directory, queue::FileSystem& files,
                                             std::string& error);
  ~LogInspection();

  /// Oldest first.
  const std::vector<InspectedSegment>& segments() const;
  /// Calls `visit` with each packet that is whole, in the order of the log. The error is a sentence; empty: none.
  std::string for_each(const std::function<void(const InspectedPacket&)>& visit) const;

 private:
  class Impl;
  explicit LogInspection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::storage
