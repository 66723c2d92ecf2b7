// One line of the log, before it is written.
#pragma once

#include <string>

#include "logdist/telemetry/log.hpp"

namespace logdist::log {

struct Line {
  Level level = Level::info;
  std::string event;
  std::string message;
  Fields fields;  ///< an object, or null

  /// Lines of one kind repeat each other: the event, and whom it concerns.
  std::string kind() const;
};

/// For people: the message, fit for one line of a terminal. Bytes that are no
/// UTF-8, control characters and those that turn text around are escaped.
std::string to_text(const Line& line);

/// For machines: the members of a JSON object, without its braces. Bytes that are
/// no UTF-8 become U+FFFD.
std::string to_json_members(const Line& line);

}  // namespace logdist::log
