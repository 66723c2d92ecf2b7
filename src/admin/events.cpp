#include "logdist/admin/events.hpp"

#include <utility>

namespace logdist::admin {

const char* to_string(EventKind kind) {
  switch (kind) {
    case EventKind::state: return "state";
    case EventKind::pause: return "pause";
    case EventKind::catch_up: return "catch_up";
    case EventKind::weight: return "weight";
    case EventKind::analyzer: return "analyzer";
    case EventKind::reload: return "reload";
    case EventKind::daemon: return "daemon";
  }
  return "daemon";
}

void EventLog::post(Event event) {
  event.at = std::chrono::system_clock::now();
  event.number = ++posted_;
  events_.push_back(std::move(event));
  if (events_.size() > bound_) events_.pop_front();
  if (observer_) observer_();
}

}  // namespace logdist::admin
