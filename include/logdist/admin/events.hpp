// What has happened lately, for the dashboard, /v1/events and /v1/status.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace logdist::admin {

/// What an event is about. The names are part of the JSON.
enum class EventKind : std::uint8_t {
  state,     ///< an analyzer's health has changed
  pause,     ///< an analyzer has requested a pause
  catch_up,  ///< an analyzer was far behind its share and gets priority
  weight,    ///< an analyzer's weight was changed
  analyzer,  ///< one was added or removed, taken out of service or put back by hand
  reload,    ///< the configuration was read again, or could not be
  daemon,    ///< it has started, or is shutting down
};
/// "state", "pause", "catch_up", …
const char* to_string(EventKind kind);

/// One line of the list.
struct Event {
  EventKind kind = EventKind::daemon;
  bool warning = false;    ///< an operator should look at it
  std::string analyzer{};  ///< the analyzer concerned, by name; empty: the daemon as a whole
  std::string text{};      ///< a clause for people: "healthy -> failed (3 failures in a row, last: HTTP 500)"
  std::chrono::system_clock::time_point at{};  ///< set by post(), as is the number
  std::uint64_t number = 0;                    ///< counts from 1 for the life of the process
};

/// The newest events; above the bound the oldest give way. Confined to the admin
/// server's loop, like the server that shows them.
class EventLog {
 public:
  static constexpr std::size_t default_bound = 200;

  explicit EventLog(std::size_t bound = default_bound) : bound_(bound) {}

  /// Adds an event that has happened now.
  void post(Event event);

  /// Oldest first, numbered without a gap.
  const std::deque<Event>& events() const { return events_; }

  /// Calls `observer` after each post; one at a time, an empty one ends it.
  void observe(std::function<void()> observer) { observer_ = std::move(observer); }

 private:
  const std::size_t bound_;
  std::deque<Event> events_;
  std::uint64_t posted_ = 0;
  std::function<void()> observer_;
};

}  // namespace logdist::admin
