#include "logdist/tools/control/control_commands.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "logdist/config/difference.hpp"
#include "logdist/config/text.hpp"
#include "logdist/os/complain.hpp"

namespace logdist::tools {
namespace {

using Json = nlohmann::json;
using Action = AnalyzersCommandOptions::Action;

constexpr const char* analyzers_path = "/v1/analyzers";
constexpr const char* not_ours = "the answer is not that of a log-distributor";

/// Whoever answers may say anything: nothing of it is to change a terminal.
std::string text_of(const Json& text) { return config::escape(text.get<std::string>()); }

std::string state_of(const Json& analyzer) {
  std::string state = text_of(analyzer.at("state"));
  if (analyzer.at("drained").get<bool>()) state += ", drained";
  if (analyzer.at("paused").get<bool>()) state += ", paused";
  return state;
}

/// The weight, and the configured one when it is another.
std::string weight_of(const Json& analyzer) {
  const double weight = analyzer.at("weight").get<double>();
  const double configured = analyzer.at("configured_weight").get<double>();
  return weight == configured ? fmt::format("{}", weight) : fmt::format("{} (configured {})", weight, configured);
}

using Row = std::array<std::string, 6>;

Row row_of(const Json& analyzer) {
  return {text_of(analyzer.at("name")),
          state_of(analyzer),
          weight_of(analyzer),
          fmt::format("{:.1f} %", 100 * analyzer.at("target_share").get<double>()),
          fmt::format("{}", analyzer.at("in_flight").get<std::uint64_t>()),
          text_of(analyzer.at("url"))};
}

/// Each column as wide as what is in it; numbers to the right.
void print_list(const Json& analyzers) {
  std::vector<Row> rows{{"NAME", "STATE", "WEIGHT", "TARGET", "IN FLIGHT", "URL"}};
  for (const Json& analyzer : analyzers) rows.push_back(row_of(analyzer));
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], row[column].size());
    }
  }
  for (const Row& row : rows) {
    fmt::print("{:<{}}  {:<{}}  {:<{}}  {:>{}}  {:>{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2], widths[2],
               row[3], widths[3], row[4], widths[4], row[5]);
  }
}

void print_one(const Json& analyzer) {
  fmt::print("{}: {}, weight {}, packets in flight: {}\n", text_of(analyzer.at("name")), state_of(analyzer),
             weight_of(analyzer), analyzer.at("in_flight").get<std::uint64_t>());
}

/// `weight: 40 -> 30`, or the key alone when the values are not told.
std::string change_of(const Json& change) {
  return config::escape(to_string(config::Change{change.at("key"), change.at("from"), change.at("to")}));
}

void print_changes(const Json& report) {
  std::vector<std::string> lines;
  for (const Json& name : report.at("removed")) lines.push_back("removed " + text_of(name));
  for (const Json& name : report.at("added")) lines.push_back("added " + text_of(name));
  for (const Json& analyzer : report.at("changed")) {
    for (const Json& change : analyzer.at("changes")) {
      lines.push_back(fmt::format("{}.{}", text_of(analyzer.at("analyzer")), change_of(change)));
    }
  }
  for (const Json& change : report.at("taken")) lines.push_back(change_of(change));
  if (lines.empty()) lines.emplace_back("nothing has changed");
  for (const std::string& line : lines) fmt::print("{}\n", line);
  for (const Json& change : report.at("restart_needed")) {
    fmt::print(stderr, "warning: {}: takes effect only after a restart\n", change_of(change));
  }
  for (const Json& warning : report.at("warnings")) fmt::print(stderr, "warning: {}\n", text_of(warning));
}

/// Names are letters, digits, `_`, `.` and `-`; nothing else may come into the path.
bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 ||
           std::string_view("_.-").find(character) != std::string_view::npos;
  });
}

}  // namespace

int run_analyzers(const AnalyzersCommandOptions& options, const config::Environment& environment) {
  constexpr const char* command = "analyzers";
  std::string path = analyzers_path;
  std::optional<std::string> body;
  if (options.action != Action::list) {
    if (!is_name(options.name))
      return os::complain(command, config::quote(options.name) + " is not the name of an analyzer");
    constexpr const char* names[] = {"", "drain", "undrain", "weight"};
    path += fmt::format("/{}/{}", options.name, names[static_cast<std::size_t>(options.action)]);
    body = "{}";
  }
  if (options.action == Action::weight) {
    const auto weight = config::parse_weight(options.weight);
    if (!weight) return os::complain(command, "weight " + weight.error().text);
    body = fmt::format(R"({{"weight":{}}})", config::format_weight(*weight));
  }
  const auto answer = ask_admin(options.admin, environment, path, body);
  if (!answer) return os::complain(command, answer.error());
  if (answer->status != 200) return os::complain(command, explain(*answer));
  try {
    const Json json = Json::parse(answer->body);
    if (options.action == Action::list) {
      print_list(json.at("analyzers"));
    } else {
      print_one(json);
    }
  } catch (const Json::exception&) {
    return os::complain(command, not_ours);
  }
  return 0;
}

int run_reload(const ReloadCommandOptions& options, const config::Environment& environment) {
  constexpr const char* command = "reload";
  const auto answer = ask_admin(options.admin, environment, "/v1/reload", "{}");
  if (!answer) return os::complain(command, answer.error());
  if (answer->status == 200) {
    try {
      print_changes(Json::parse(answer->body));
    } catch (const Json::exception&) {
      return os::complain(command, not_ours);
    }
    return 0;
  }
  const Json problem = Json::parse(answer->body, nullptr, false);
  if (problem.is_object() && problem.contains("faults")) {
    for (const Json& fault : problem["faults"]) fmt::print(stderr, "{}\n", text_of(fault));
  }
  return os::complain(command, explain(*answer));
}

}  // namespace logdist::tools
