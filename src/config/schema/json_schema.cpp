#include "logdist/config/schema/json_schema.hpp"

#include <boost/algorithm/string/split.hpp>
#include <nlohmann/json.hpp>
#include <regex>

#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/keys.hpp"

namespace logdist::config {
namespace {

using Json = nlohmann::ordered_json;

Json whole_or_real(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

Json schema_of_level() { return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}}; }

/// A list, or a mapping with the list in it.
void make_list_of_sources(Json& level) {
  level["type"] = {"array", "object", "null"};
  level["maxItems"] = sources_max;
  level["items"] = schema_of_level();
  level["items"]["minProperties"] = 1;
  level["items"]["maxProperties"] = 1;
  level["properties"]["sources"] = {
      {"type", "array"}, {"maxItems", sources_max}, {"items", {{"$ref", "#/properties/discovery/items"}}}};
}

/// The level that holds `key`'s value, made where it is missing.
Json& level_of(const KeyInfo& key, Json& root, std::string& name) {
  std::vector<std::string> names;
  boost::algorithm::split(names, key.path, [](char character) { return character == '.'; });
  name = names.back();
  names.pop_back();
  Json* level = &root;
  for (const std::string& step : names) {
    const bool is_list = step.ends_with("[]");
    const std::string step_name = is_list ? step.substr(0, step.size() - 2) : step;
    Json& below = (*level)["properties"][step_name];
    if (is_list && step_name == "discovery") {
      if (!below.contains("items")) make_list_of_sources(below);
    } else if (below.is_null() && is_list) {
      below = {{"type", "array"}, {"maxItems", analyzers_max}, {"items", schema_of_level()}};
    } else if (below.is_null()) {
      below = schema_of_level();
      below["type"] = {"object", "null"};  // all its keys may be commented out
    }
    level = is_list ? &below["items"] : &below;
  }
  return *level;
}

/// The types that a value may have. `check` reads its text alone: a number may be
/// in quotes, and a name may look like a number.
Json types_of(const KeyInfo& key) {
  switch (key.type) {
    case ValueType::whole_number: return {"integer", "string"};
    case ValueType::number: return {"number", "string"};
    case ValueType::size: return {"string", "integer"};
    case ValueType::mapping: return {"object", "null"};
    case ValueType::duration:
    case ValueType::text:
    case ValueType::choice: break;
  }
  const bool may_be_number = key.pattern.empty() || std::regex_match("0", std::regex(key.pattern));
  return may_be_number ? Json{"string", "number"} : Json("string");
}

Json schema_of_value(const KeyInfo& key) {
  Json schema{{"description", key.meaning + " Allowed: " + key.allowed + "."}};
  const bool is_number = key.type == ValueType::whole_number || key.type == ValueType::number;
  const bool is_boolean = key.choices == std::vector<std::string>{"false", "true"};
  if (is_boolean) {
    schema["enum"] = {false, true, "false", "true"};
  } else if (key.type == ValueType::choice) {
    schema["enum"] = key.choices;
  } else if (key.is_list) {
    schema["type"] = {"string", "array"};
    schema["items"] = {{"type", "string"}};
  } else {
    schema["type"] = types_of(key);
  }
  if (!key.pattern.empty()) schema["pattern"] = key.pattern;
  if (is_number) {
    schema["minimum"] = whole_or_real(key.bounds->min);
    schema["maximum"] = whole_or_real(key.bounds->max);
  } else if (key.type == ValueType::size) {
    schema["minimum"] = std::regex_match("0", std::regex(key.pattern)) ? 0 : 1;  // of a number of bytes
  } else if (key.type == ValueType::duration && schema["type"] != "string") {
    schema["minimum"] = 0;
    schema["maximum"] = 0;  // only 0 needs no unit
  } else if (key.type == ValueType::mapping) {
    schema["additionalProperties"] = {{"type", {"string", "number"}}};
  }
  if (!key.default_text.empty())
    schema["default"] = is_number || is_boolean ? Json::parse(key.default_text) : Json(key.default_text);
  return schema;
}

}  // namespace

std::string json_schema() {
  Json root{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "log-distributor configuration"}};
  root.update(schema_of_level());
  for (const KeyInfo& key : known_keys()) {
    std::string name;
    Json& level = level_of(key, root, name);
    level["properties"][name] = schema_of_value(key);
    if (key.required) level["required"].push_back(name);
  }
  // No analyzers are some only where sources give them.
  root["if"] = {{"properties", {{"analyzers", {{"maxItems", 0}}}}}, {"required", {"analyzers"}}};
  root["then"] = {{"required", {"discovery"}}};
  return root.dump(2) + '\n';
}

}  // namespace logdist::config
