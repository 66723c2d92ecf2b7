#include "admin/replay_calls.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "logdist/os/time_text.hpp"
#include "logdist/os/wall_clock.hpp"

namespace logdist::admin {
namespace {

namespace http = boost::beast::http;
using Json = nlohmann::ordered_json;

constexpr std::string_view replay_path = "/v1/replay";
constexpr double rate_max = 1e9;

Json to_json(const ReplayView& replay) {
  return {{"id", replay.id},
          {"state", replay.state},
          {"dry_run", replay.dry_run},
          {"read_share", replay.read_share},
          {"packets_found", replay.packets_found},
          {"messages_found", replay.messages_found},
          {"packets_replayed", replay.packets_replayed},
          {"packets_failed", replay.packets_failed},
          {"packets_in_flight", replay.packets_in_flight},
          {"times_refused", replay.times_refused},
          {"segments_unreadable", replay.segments_unreadable}};
}

Response reply_with(const Json& json) {
  return ok("application/json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

/// Reads one field. What is wrong; empty: nothing.
std::string read_field(const std::string& key, const Json& value, std::int64_t now_ns, ReplayOrder& order) {
  if (key == "from" || key == "to") {
    const auto time = value.is_string() ? os::parse_time(value.get<std::string>(), now_ns) : std::nullopt;
    if (!time) return key + " is no time; allowed: 2026-05-01T10:00:00Z, or -15m before now";
    (key == "from" ? order.from_ns : order.to_ns) = *time;
  } else if (key == "ids") {
    const auto is_text = [](const Json& id) { return id.is_string(); };
    if (!value.is_array() || !std::all_of(value.begin(), value.end(), is_text)) return "ids is no list of texts";
    order.ids = value.get<std::vector<std::string>>();
  } else if (key == "analyzer") {
    if (!value.is_string() || value.get<std::string>().empty()) return "analyzer is no name";
    order.analyzer = value.get<std::string>();
  } else if (key == "rate") {
    if (!value.is_number() || value.get<double>() <= 0 || value.get<double>() > rate_max) {
      return "rate is no number above 0, at most 1000000000";
    }
    order.rate = value.get<double>();
  } else if (key == "dead_letters" || key == "dry_run") {
    if (!value.is_boolean()) return key + " is neither true nor false";
    (key == "dry_run" ? order.dry_run : order.dead_letters) = value.get<bool>();
  } else {
    return "allowed are from, to, ids, dead_letters, analyzer, rate and dry_run";
  }
  return {};
}

/// What is wrong with a name that no analyzer has; empty: nothing.
std::string check_analyzer(const std::string& name, const Control& control) {
  std::string names;
  for (const ControlledAnalyzer& analyzer : control.analyzers()) {
    if (name.empty() || analyzer.name == name) return {};
    names += (names.empty() ? "" : ", ") + analyzer.name;
  }
  return fmt::format("there is no analyzer {}; there are {}", name, names);
}

std::optional<ReplayView> find(const Control& control, const std::string& id) {
  const std::vector<ReplayView> all = control.replays();
  const auto found = std::find_if(all.begin(), all.end(), [&id](const ReplayView& replay) { return replay.id == id; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

Response not_there() { return problem(http::status::not_found, "there is no replay of that id"); }

}  // namespace

std::optional<std::string> find_replay(std::string_view path) {
  if (path == replay_path) return std::string();
  if (!path.starts_with(replay_path) || path.size() < replay_path.size() + 2) return std::nullopt;
  if (path[replay_path.size()] != '/') return std::nullopt;
  path.remove_prefix(replay_path.size() + 1);
  return path.find('/') == path.npos ? std::optional<std::string>(path) : std::nullopt;
}

Response begin_replay(const nlohmann::ordered_json& body, Control& control, const std::string& who) {
  const std::int64_t now_ns = os::unix_time_ns();
  ReplayOrder order;
  for (const auto& [key, value] : body.items()) {
    const std::string fault = read_field(key, value, now_ns, order);
    if (!fault.empty()) return problem(http::status::unprocessable_entity, fault);
  }
  if (const std::string fault = check_analyzer(order.analyzer, control); !fault.empty()) {
    return problem(http::status::unprocessable_entity, fault);
  }
  ReplayView replay;
  const std::string refusal = control.begin_replay(order, who, replay);
  if (!refusal.empty()) return problem(http::status::conflict, refusal);
  Response response = reply_with(to_json(replay));
  response.result(http::status::accepted);
  response.set(http::field::location, fmt::format("{}/{}", replay_path, replay.id));
  return response;
}

Response list_replays(const Control& control) {
  Json replays = Json::array();
  for (const ReplayView& replay : control.replays()) replays.push_back(to_json(replay));
  return reply_with({{"replays", std::move(replays)}});
}

Response show_replay(const Control& control, const std::string& id) {
  const auto replay = find(control, id);
  return replay ? reply_with(to_json(*replay)) : not_there();
}

Response stop_replay(Control& control, const std::string& id, const std::string& who) {
  if (!control.stop_replay(id, who)) return not_there();
  return show_replay(control, id);
}

}  // namespace logdist::admin
