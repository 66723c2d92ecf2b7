// One dead letter as the file keeps it: a line of JSON.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logdist/base/outcome.hpp"

namespace logdist::sink {

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
  std::string content_encoding;  ///< empty when there is none
  std::string format;            ///< the protocol that it came by
  std::string target;            ///< path and query of its request; empty when they are those of packets
  std::vector<std::pair<std::string, std::string>> headers;  ///< what else went along
  std::vector<Attempt> analyzers;
  std::string body;

  /// What it takes in memory, about.
  std::size_t bytes() const;
};

/// One line without its end: time, packet_id, reason, messages, attempts, admitted_at,
/// content_type, content_encoding, format, target and headers where there are such, analyzers, and the body: `body`, a
/// string, when it is UTF-8, else `body_base64`. So have `content_type` and, name by name, `headers`; those of a name
/// that came more than once are a list.
std::string line_of(const KeptLetter& letter);

}  // namespace logdist::sink
