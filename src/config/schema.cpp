// The table of keys as a JSON Schema.
#include <boost/algorithm/string/split.hpp>
#include <nlohmann/json.hpp>

#include "config/rows.hpp"

namespace logdist::config {
namespace {

using Json = nlohmann::ordered_json;

Json whole_or_real(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

Json schema_of_level() { return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}}; }

/// The level that holds `key`'s value, made where it is missing.
Json& level_of(const KeyInfo& key, Json& root, std::string& name) {
  std::vector<std::string> names;
  boost::algorithm::split(names, key.path, [](char character) { return character == '.'; });
  name = names.back();
  names.pop_back();
  Json* level = &root;
  for (const std::string& step : names) {
    const bool is_list = step.ends_with("[]");
    Json& below = (*level)["properties"][is_list ? step.substr(0, step.size() - 2) : step];
    if (below.is_null() && is_list) {
      below = {{"type", "array"}, {"minItems", 1}, {"maxItems", analyzers_max}, {"items", schema_of_level()}};
    } else if (below.is_null()) {
      below = schema_of_level();
    }
    level = is_list ? &below["items"] : &below;
  }
  return *level;
}

Json schema_of_value(const KeyInfo& key) {
  Json schema{{"description", key.meaning + " Allowed: " + key.allowed + "."}};
  const bool has_default = !key.default_text.empty();
  switch (key.kind) {
    case ValueKind::whole_number:
    case ValueKind::number:
      schema["type"] = key.kind == ValueKind::number ? "number" : "integer";
      schema["minimum"] = whole_or_real(key.bounds->min);
      schema["maximum"] = whole_or_real(key.bounds->max);
      if (has_default) schema["default"] = Json::parse(key.default_text);
      return schema;
    case ValueKind::size:
      schema["type"] = {"string", "integer"};
      schema["pattern"] = "^[0-9]+(B|KiB|MiB|GiB)?$";
      schema["minimum"] = 1;  // of a number of bytes
      break;
    case ValueKind::duration:
      schema["type"] = {"string", "integer"};
      schema["pattern"] = "^(0|[0-9]+(us|ms|s|m|h))$";
      schema["minimum"] = 0;
      schema["maximum"] = 0;  // only 0 needs no unit
      break;
    case ValueKind::choice: schema["enum"] = key.choices; break;
    case ValueKind::text: schema["type"] = "string"; break;
    case ValueKind::mapping:
      schema["type"] = "object";
      schema["additionalProperties"] = {{"type", {"string", "number"}}};
      break;
  }
  if (has_default) schema["default"] = key.default_text;
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
  return root.dump(2) + '\n';
}

}  // namespace logdist::config
