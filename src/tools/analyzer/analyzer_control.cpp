#include "tools/analyzer/analyzer_control.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace logdist::tools {
namespace {

using Json = nlohmann::json;

constexpr double max_latency_ms = 3'600'000;
constexpr unsigned max_retry_after_s = 86'400;

struct Switch {
  const char* name;
  bool AnalyzerBehaviour::*field;
};

constexpr std::array<Switch, 8> switches{{
    {"reset", &AnalyzerBehaviour::reset},
    {"hang", &AnalyzerBehaviour::hang},
    {"garbage", &AnalyzerBehaviour::garbage},
    {"close_after_answer", &AnalyzerBehaviour::close_after_answer},
    {"close_silently", &AnalyzerBehaviour::close_silently},
    {"http10", &AnalyzerBehaviour::http10},
    {"unhealthy", &AnalyzerBehaviour::unhealthy},
    {"record_ids", &AnalyzerBehaviour::record_ids},
}};

double to_ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

bool is_within(const Json& value, double low, double high) {
  return value.is_number() && value.get<double>() >= low && value.get<double>() <= high;
}

bool is_whole_within(const Json& value, unsigned low, unsigned high) {
  return value.is_number_integer() && is_within(value, low, high);
}

/// Sets one field; what it may be when `value` is not that, and nothing when all is well.
std::string set_field(AnalyzerBehaviour& behaviour, const std::string& name, const Json& value) {
  for (const Switch& one : switches) {
    if (name != one.name) continue;
    if (!value.is_boolean()) return "true or false";
    behaviour.*one.field = value.get<bool>();
    return {};
  }
  if (name == "status") {
    if (!is_whole_within(value, 200, 599)) return "200 to 599";
    behaviour.status = value.get<unsigned>();
  } else if (name == "fail_rate") {
    if (!is_within(value, 0, 1)) return "0 to 1";
    behaviour.fail_rate = value.get<double>();
  } else if (name == "latency_ms") {
    if (!is_within(value, 0, max_latency_ms)) return fmt::format("0 to {}", max_latency_ms);
    behaviour.latency =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(value.get<double>()));
  } else if (name == "retry_after") {
    if (!is_whole_within(value, 0, max_retry_after_s)) return fmt::format("0 to {} whole seconds", max_retry_after_s);
    behaviour.retry_after = std::chrono::seconds(value.get<unsigned>());
  } else {
    return "one of the fields that GET /control shows";
  }
  return {};
}

}  // namespace

std::string to_json(const AnalyzerBehaviour& behaviour) {
  Json json{{"status", behaviour.status},
            {"fail_rate", behaviour.fail_rate},
            {"latency_ms", to_ms(behaviour.latency)},
            {"retry_after", behaviour.retry_after.count()}};
  for (const Switch& one : switches) json[one.name] = behaviour.*one.field;
  return json.dump();
}

std::string to_json(const AnalyzerStats& stats) {
  return Json{{"packets", stats.packets},   {"messages", stats.messages},     {"bytes", stats.bytes},
              {"requests", stats.requests}, {"duplicates", stats.duplicates}, {"failures", stats.failures}}
      .dump();
}

boost::system::result<AnalyzerBehaviour, ControlError> changed(AnalyzerBehaviour behaviour, std::string_view change) {
  constexpr bool throws = false;
  const Json json = Json::parse(change, nullptr, throws);
  if (!json.is_object()) return ControlError{"a change is a JSON object"};
  for (const auto& [name, value] : json.items()) {
    const std::string allowed = set_field(behaviour, name, value);
    if (!allowed.empty()) return ControlError{fmt::format("`{}` must be {}", name, allowed)};
  }
  return behaviour;
}

}  // namespace logdist::tools
