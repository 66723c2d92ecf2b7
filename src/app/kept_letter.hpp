// One dead letter as the file keeps it: a line of JSON, written and read again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/app/packet_source.hpp"
#include "logdist/base/outcome.hpp"

namespace logdist::app {

/// A copy of all that is told of a dead letter: nothing in it belongs to a loop.
struct KeptLetter {
  using Time = std::chrono::system_clock::time_point;

  /// The last failed attempt at one analyzer.
  struct Attempt {
    std::string analyzer;  ///< by name
    Outcome outcome = Outcome::unsent;
    unsigned status = 0;  ///< of its answer, 0 without a whole one
    std::string cause;    ///< "answered 500", "Connection refused"
    Time at{};
  };

  std::string packet_id;
  DeadLetterReason reason{};
  std::uint32_t messages = 0;
  std::uint32_t attempts = 0;  ///< in all
  Time admitted_at{};
  Time dead_lettered_at{};
  std::string content_type;
  std::vector<Attempt> analyzers;
  std::string body;

  /// What it takes in memory, about.
  std::size_t bytes() const;
};

/// One line without its end: time, packet_id, reason, messages, attempts, admitted_at,
/// content_type, analyzers and the body as a string.
std::string line_of(const KeptLetter& letter);

/// Why a line is no dead letter, in one clause.
struct NoLetter {
  std::string why;
};

/// The packet of a line, to be sent again: same id, bytes and content type.
boost::system::result<OutgoingPacket, NoLetter> packet_of(std::string_view line);

}  // namespace logdist::app
