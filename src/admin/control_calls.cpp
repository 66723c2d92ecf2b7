#include "admin/control_calls.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "admin/replay_calls.hpp"
#include "logdist/config/text.hpp"
#include "logdist/http/media_type.hpp"
#include "logdist/http/text.hpp"

namespace logdist::admin {
namespace {

namespace http = boost::beast::http;
using Json = nlohmann::ordered_json;
using Kind = ControlCall::Kind;

constexpr std::string_view analyzers_path = "/v1/analyzers";

constexpr std::array<std::pair<std::string_view, Kind>, 3> actions{
    {{"drain", Kind::drain}, {"undrain", Kind::undrain}, {"weight", Kind::weight}}};

/// The method by which it changes something; none: it never does.
std::optional<logdist::http::Method> changing_method(Kind kind) {
  using logdist::http::Method;
  if (kind == Kind::list || kind == Kind::show || kind == Kind::configuration) return std::nullopt;
  return kind == Kind::replay ? Method::erase : Method::post;
}

/// Whether it can be read, too.
bool is_readable(Kind kind) { return !changing_method(kind) || kind == Kind::replays || kind == Kind::replay; }

Response not_allowed(Kind kind) {
  const auto method = changing_method(kind);
  const std::string_view change = !method ? "" : *method == logdist::http::Method::erase ? "DELETE" : "POST";
  const bool reads = is_readable(kind);
  Response response = problem(http::status::method_not_allowed,
                              fmt::format("only {}{}{} {} allowed here", reads ? "GET and HEAD" : "",
                                          reads && method ? ", and " : "", change, !reads ? "is" : "are"));
  response.set(http::field::allow,
               fmt::format("{}{}{}", reads ? "GET, HEAD" : "", reads && method ? ", " : "", change));
  return response;
}

bool is_json(const Request& request) {
  return logdist::http::iequals(logdist::http::media_type(request.content_type.value_or("")), "application/json");
}

/// The body as an object; an empty one is an empty object. None when it is neither.
std::optional<Json> object_of(const Request& request) {
  if (request.body.empty()) return Json::object();
  Json json = Json::parse(request.body, nullptr, false);
  return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

Json to_json(const ControlledAnalyzer& analyzer) {
  return {{"name", analyzer.name},
          {"url", analyzer.url},
          {"state", health::to_string(analyzer.state)},
          {"in_service", analyzer.in_service},
          {"paused", analyzer.paused},
          {"drained", analyzer.drained},
          {"weight", analyzer.weight.value()},
          {"configured_weight", analyzer.configured_weight.value()},
          {"target_share", analyzer.target_share},
          {"in_flight", analyzer.in_flight}};
}

Json to_json(const std::vector<config::Change>& changes) {
  Json json = Json::array();
  for (const config::Change& change : changes) {
    json.push_back({{"key", change.key}, {"from", change.from}, {"to", change.to}});
  }
  return json;
}

/// A url, and what a fault quotes, need not be UTF-8: what is not is replaced.
Response json_response(const Json& json) {
  return ok("application/json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Response list(const Control& control) {
  Json analyzers = Json::array();
  for (const ControlledAnalyzer& analyzer : control.analyzers()) analyzers.push_back(to_json(analyzer));
  return json_response({{"analyzers", std::move(analyzers)}});
}

/// The first of them: there may be a thousand.
std::string names_of(const std::vector<ControlledAnalyzer>& analyzers) {
  constexpr std::size_t names_max = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(names_max, analyzers.size()); ++i) {
    names += (i == 0 ? "" : ", ") + analyzers[i].name;
  }
  return analyzers.size() > names_max ? fmt::format("{} and {} more", names, analyzers.size() - names_max) : names;
}

Response show(const Control& control, const std::string& name) {
  const std::vector<ControlledAnalyzer> all = control.analyzers();
  const auto found = std::find_if(all.begin(), all.end(), [&name](const auto& one) { return one.name == name; });
  if (found == all.end()) {
    return problem(http::status::not_found, fmt::format("there is no analyzer {}; there are {}", name, names_of(all)));
  }
  return json_response(to_json(*found));
}

Response configuration(const Control& control) {
  const ConfigurationReport report = control.configuration();
  return json_response({{"revision", report.revision},
                        {"restart_needed", to_json(report.restart_needed)},
                        {"config", Json::parse(config::masked_json(report.options))}});
}

/// {"weight": 40}
config::Parsed<config::Weight> weight_of(const Request& request) {
  const Json json = object_of(request).value_or(Json::object());
  const auto given = json.find("weight");
  if (given == json.end() || json.size() != 1) return config::ValueError{"the body must be {\"weight\": NUMBER}"};
  if (!given->is_number()) return config::ValueError{"weight is not a number"};
  auto weight = config::parse_weight(given->dump());
  if (!weight)
    return config::ValueError{"weight " + weight.error().text + "; allowed: above 0, at most 1000000, 6 decimals"};
  return weight;
}

}  // namespace

bool is_foreign(const Request& request) {
  const std::string_view scheme = request.is_tls ? "https://" : "http://";
  if (!request.origin) return false;
  const std::string_view origin = *request.origin;
  return !origin.starts_with(scheme) || request.authority.empty() ||
         !logdist::http::iequals(origin.substr(scheme.size()), request.authority);
}

std::optional<ControlCall> find_control(std::string_view path) {
  if (path == analyzers_path) return ControlCall{Kind::list};
  if (path == "/v1/config") return ControlCall{Kind::configuration};
  if (path == "/v1/reload") return ControlCall{Kind::reload};
  if (auto replay = find_replay(path)) {
    return ControlCall{replay->empty() ? Kind::replays : Kind::replay, std::move(*replay)};
  }
  if (!path.starts_with(analyzers_path)) return std::nullopt;
  path.remove_prefix(analyzers_path.size());
  if (path.size() < 2 || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  const std::string name(path.substr(0, slash));
  if (name.empty()) return std::nullopt;
  if (slash == path.npos) return ControlCall{Kind::show, name};
  for (const auto& [action, kind] : actions) {
    if (path.substr(slash + 1) == action) return ControlCall{kind, name};
  }
  return std::nullopt;
}

std::optional<Response> refuse(const ControlCall& call, const Request& request) {
  if (is_readable(call.kind) && request.reads()) return std::nullopt;
  if (request.method != changing_method(call.kind)) return not_allowed(call.kind);
  if (is_foreign(request)) {
    return problem(http::status::forbidden, "a web page of another origin may not change anything here");
  }
  if (request.method == logdist::http::Method::erase) return std::nullopt;
  if (!is_json(request)) {
    return problem(http::status::unsupported_media_type, "a change needs Content-Type: application/json");
  }
  if (!object_of(request)) return problem(http::status::bad_request, "the body is not a JSON object");
  return std::nullopt;
}

Response carry_out(const ControlCall& call, const Request& request, Control& control, const std::string& who) {
  switch (call.kind) {
    case Kind::list: return list(control);
    case Kind::configuration: return configuration(control);
    case Kind::replays:
      if (request.reads()) return list_replays(control);
      return begin_replay(object_of(request).value_or(Json::object()), control, who);
    case Kind::replay:
      return request.reads() ? show_replay(control, call.analyzer) : stop_replay(control, call.analyzer, who);
    case Kind::drain: control.set_drained(call.analyzer, true, who); break;
    case Kind::undrain: control.set_drained(call.analyzer, false, who); break;
    case Kind::weight: {
      const auto weight = weight_of(request);
      if (!weight) return problem(http::status::unprocessable_entity, weight.error().text);
      control.set_weight(call.analyzer, *weight, who);
      break;
    }
    case Kind::show:
    case Kind::reload: break;
  }
  return show(control, call.analyzer);
}

Response to_response(const ReloadReport& report) {
  if (!report.faults.empty()) {
    Response response =
        problem(http::status::unprocessable_entity, "the configuration is refused, nothing has changed");
    Json body = Json::parse(response.body());
    body["faults"] = report.faults;
    response.body() = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    return response;
  }
  Json changed = Json::array();
  for (const config::ChangedAnalyzer& analyzer : report.difference.changed) {
    changed.push_back({{"analyzer", analyzer.name}, {"changes", to_json(analyzer.changes)}});
  }
  return json_response({{"revision", report.revision},
                        {"added", report.difference.added},
                        {"removed", report.difference.removed},
                        {"changed", std::move(changed)},
                        {"taken", to_json(report.difference.taken)},
                        {"restart_needed", to_json(report.difference.restart_needed)},
                        {"warnings", report.warnings}});
}

}  // namespace logdist::admin
