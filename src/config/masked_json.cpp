// The configuration as JSON.
#include <boost/algorithm/string/replace.hpp>
#include <nlohmann/json.hpp>

#include "config/key_table.hpp"
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

Json to_json(const AnalyzerOptions& analyzer) {
  Json json = Json::object();
  for (const auto& spec : analyzer_keys()) {
    const bool is_of_http = spec.path.starts_with("tls.") && !analyzer.is_tls;
    if (spec.type == ValueType::mapping || is_of_http || spec.show(analyzer).empty()) continue;
    json[location_of(spec.path)] = value_of(spec, analyzer);
  }
  Json headers = Json::object();
  for (const auto& header : analyzer.headers) headers[header.first] = "***";
  json["headers"] = std::move(headers);
  return json;
}

}  // namespace

std::string masked_json(const Options& options) {
  Json json = Json::object();
  for (const auto& spec : option_keys()) {
    json[location_of(spec.path)] = value_of(spec, options);
  }
  json["analyzers"] = Json::array();
  for (const AnalyzerOptions& analyzer : options.analyzers) json["analyzers"].push_back(to_json(analyzer));
  // A url or a file name need not be UTF-8: what is not is replaced.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace logdist::config
