// The configuration as JSON.
#include <boost/algorithm/string/replace.hpp>
#include <nlohmann/json.hpp>

#include "config/rows.hpp"
#include "logdist/config/difference.hpp"

namespace logdist::config {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers as numbers; all else as one would write it.
template <typename Target>
Json value_of(const Row<Target>& row, const Target& target) {
  const std::string text = row.show(target);
  const bool is_number = row.kind == ValueKind::whole_number || row.kind == ValueKind::number;
  return is_number && !text.empty() ? Json::parse(text) : Json(text);
}

Json to_json(const AnalyzerOptions& analyzer) {
  Json json = Json::object();
  for (const auto& row : analyzer_rows()) {
    if (row.kind != ValueKind::mapping && !row.show(analyzer).empty()) json[row.path] = value_of(row, analyzer);
  }
  Json headers = Json::object();
  for (const auto& header : analyzer.headers) headers[header.first] = "***";
  json["headers"] = std::move(headers);
  return json;
}

}  // namespace

std::string masked_json(const Options& options) {
  Json json = Json::object();
  for (const auto& row : option_rows()) {
    const Json::json_pointer place('/' + boost::algorithm::replace_all_copy(row.path, ".", "/"));
    json[place] = value_of(row, options);
  }
  json["analyzers"] = Json::array();
  for (const AnalyzerOptions& analyzer : options.analyzers) json["analyzers"].push_back(to_json(analyzer));
  // A url or a file name need not be UTF-8: what is not is replaced.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace logdist::config
