// Replays, as operators ask for them.

#include <fmt/format.h>

#include "logdist/os/wall_clock.hpp"
#include "logdist/telemetry/log.hpp"
#include "server/admin_control.hpp"

namespace logdist::server {
namespace {

const char* state_name(storage::ReplayReport::State state) {
  switch (state) {
    case storage::ReplayReport::State::running: return "running";
    case storage::ReplayReport::State::done: return "done";
    case storage::ReplayReport::State::stopped: break;
  }
  return "stopped";
}

admin::ReplayView view_of(const storage::ReplayReport& report) {
  const bool is_read = report.state == storage::ReplayReport::State::done || report.read.bytes_total == 0;
  const double share =
      is_read ? 1 : static_cast<double>(report.read.bytes) / static_cast<double>(report.read.bytes_total);
  return {report.id,
          state_name(report.state),
          report.dry_run,
          report.packets_found,
          report.messages_found,
          report.packets_replayed,
          report.packets_failed,
          report.packets_in_flight,
          report.times_refused,
          report.segments_unreadable,
          share};
}

}  // namespace

std::string AdminControl::begin_replay(const admin::ReplayOrder& order, const std::string& who,
                                       admin::ReplayView& replay) {
  if (!shared_.storage) return "packets are replayed from the durable queue: queue.storage is not disk";
  storage::ReplayRequest request;
  if (order.from_ns) request.range.from_ns = *order.from_ns;
  // What is replayed is no part of it.
  request.range.to_ns = order.to_ns.value_or(os::unix_time_ns());
  request.range.dead_letters = order.dead_letters;
  request.ids = order.ids;
  if (!order.analyzer.empty()) {
    request.analyzer = shared_.registry.find(order.analyzer);
    if (!request.analyzer) return "there is no analyzer " + order.analyzer;
  }
  request.packets_per_second = order.rate;
  request.dry_run = order.dry_run;
  storage::ReplayReport report;
  if (!shared_.storage->start_replay(request, report)) return "a replay is running; one at a time";
  replay = view_of(report);
  const std::string to = order.analyzer.empty() ? "" : " to " + order.analyzer;
  const std::string text =
      fmt::format("replay {}{} begun{} (by {})", report.id, to, order.dry_run ? ", a dry run" : "", who);
  log::record(log::Level::info, "replay_begun", text, {{"replay", report.id}, {"by", who}});
  events_.post({.text = text});
  return {};
}

std::vector<admin::ReplayView> AdminControl::replays() const {
  std::vector<admin::ReplayView> views;
  if (!shared_.storage) return views;
  for (const storage::ReplayReport& report : shared_.storage->replays()) views.push_back(view_of(report));
  return views;
}

bool AdminControl::stop_replay(const std::string& id, const std::string& who) {
  if (!shared_.storage || !shared_.storage->stop_replay(id)) return false;
  const std::string text = fmt::format("replay {} stopped (by {})", id, who);
  log::record(log::Level::info, "replay_stopped", text, {{"replay", id}, {"by", who}});
  events_.post({.text = text});
  return true;
}

}  // namespace logdist::server
