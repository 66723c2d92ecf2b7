// The configuration as JSON.
#include <boost/algorithm/string/replace.hpp>
#include <nlohmann/json.hpp>

#include "config/key_table.hpp"
#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/difference.hpp"

namespace logdist::config {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers as numbers; all else as one would write it.
template <typename Target>
Json value_of(const KeySpec<Target>& spec, const Target& target) {
  const std::string text = spec.show(target);
  const bool is_number = spec.type == ValueType::whole_number || spec.type == ValueType::number;
  return is_number && !text.empty() ? Json::parse(text) : Json(text);
}

Json::json_pointer location_of(const std::string& path) {
  return Json::json_pointer('/' + boost::algorithm::replace_all_copy(path, ".", "/"));
}

Json masked(const std::vector<std::pair<std::string, std::string>>& headers) {
  Json json = Json::object();
  for (const auto& header : headers) json[header.first] = "***";
  return json;
}

Json to_json(const AnalyzerOptions& analyzer) {
  Json json = Json::object();
  for (const auto& spec : analyzer_keys()) {
    const bool is_of_http = spec.path.starts_with("tls.") && !analyzer.is_tls;
    if (spec.type == ValueType::mapping || is_of_http || spec.show(analyzer).empty()) continue;
    json[location_of(spec.path)] = value_of(spec, analyzer);
  }
  json["headers"] = masked(analyzer.headers);
  return json;
}

/// What differs from the defaults of its type.
Json to_json(const SourceOptions& source) {
  SourceOptions defaults;
  defaults.type = source.type;
  Json json = Json::object();
  for (const auto& spec : source_keys(source.type)) {
    if (spec.show(source) != spec.show(defaults)) json[location_of(spec.path)] = value_of(spec, source);
  }
  if (!source.defaults.headers.empty()) json["headers"] = masked(source.defaults.headers);
  return {{std::string(source_types[static_cast<std::size_t>(source.type)].second), std::move(json)}};
}

/// A url or a file name need not be UTF-8: what is not is replaced.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string masked_json(const Options& options) {
  Json json = Json::object();
  for (const auto& spec : option_keys()) {
    if (!spec.path.starts_with("discovery.")) json[location_of(spec.path)] = value_of(spec, options);
  }
  json["analyzers"] = Json::array();
  for (const AnalyzerOptions& analyzer : options.analyzers) json["analyzers"].push_back(to_json(analyzer));
  json["discovery"] = Json::array();
  for (const SourceOptions& source : options.discovery.sources) json["discovery"].push_back(to_json(source));
  json["discovery"].push_back({{"cache", options.discovery.cache}});
  return text_of(json);
}

std::string write_analyzer_list(const std::vector<AnalyzerOptions>& analyzers) {
  const AnalyzerOptions defaults;
  Json json = Json::array();
  for (const AnalyzerOptions& analyzer : analyzers) {
    Json& entry = json.emplace_back(Json::object());
    for (const auto& spec : analyzer_keys()) {
      const bool is_told = spec.type != ValueType::mapping && spec.show(analyzer) != spec.show(defaults);
      if (is_told) entry[location_of(spec.path)] = spec.show(analyzer);
    }
    if (check_analyzer_name(analyzer.name)) entry.erase("name");  // of where it is
    for (const auto& [name, value] : analyzer.headers) entry["headers"][name] = value;
  }
  return text_of(json);
}

}  // namespace logdist::config
