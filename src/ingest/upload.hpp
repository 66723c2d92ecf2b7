// What a session keeps of a body that is many packets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "logdist/base/time.hpp"
#include "logdist/codec/journal_parts.hpp"
#include "logdist/core/buffer.hpp"

namespace logdist::ingest {

struct Upload {
  /// A part has so many bytes at most, unless it is one entry; and its first byte does not wait for longer.
  static constexpr std::size_t part_bytes_max = std::size_t{1} << 20;
  static constexpr Duration part_time_max = std::chrono::seconds(1);
  /// A part that found no room is tried again after it.
  static constexpr Duration room_pause = std::chrono::seconds(1);

  explicit Upload(std::size_t entry_bytes_max) : parts(entry_bytes_max, part_bytes_max) {}

  codec::JournalParts parts;  ///< of the body of the session's delivery
  core::Buffer rest;          ///< what came behind the part that is being admitted
  std::string headers;        ///< those of each packet, and where it comes from
  std::string agent;
  std::string path;
  std::size_t arrived_bytes = 0;
  std::uint32_t part_entries = 0;                                         ///< of the part that is being admitted
  std::uint64_t accepted_entries = 0;                                     ///< of those before
  TimePoint part_since = never;                                           ///< when its first byte came
  std::uint64_t timed_entry = std::numeric_limits<std::uint64_t>::max();  ///< whose time is running
  bool grows = false;                                                     ///< the session's reservation may grow
  bool ended = false;                                                     ///< all has come
  bool is_late = false;  ///< the part that is being admitted comes after the drain has begun
};

}  // namespace logdist::ingest
