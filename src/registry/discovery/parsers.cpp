#include "logdist/registry/discovery/parsers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "logdist/base/base64.hpp"
#include "logdist/config/yaml/printable.hpp"

namespace logdist::registry {
namespace {

using Json = nlohmann::json;

/// Deeper than any of these documents. What lies deeper is dropped as it is read, so that brackets cost no memory.
constexpr int depth_max = 16;

/// A thousand instances of Consul have some 150,000. A value takes 70 bytes where its text has three.
constexpr std::ptrdiff_t marks_max = 500'000;

bool is_too_much(std::string_view text) {
  return std::ranges::count_if(
             text, [](char mark) { return mark == ',' || mark == ':' || mark == '[' || mark == '{'; }) > marks_max;
}

std::optional<Json> json_of(std::string_view text) {
  if (is_too_much(text)) return std::nullopt;
  const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= depth_max; };
  Json json = Json::parse(text, keep, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string no_json(std::string_view text) {
  return is_too_much(text) ? "its answer has too many values" : "its answer is no JSON";
}

/// The value of a key, null where there is no such.
const Json& at(const Json& json, const char* key) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(key);
  return found == json.end() ? none : *found;
}

/// A text or a number as text; empty for all else.
std::string text_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  return json.is_number() ? json.dump() : std::string();
}

/// Whether a label or a value is of a kind that cannot be understood: `{"weight": []}`.
bool is_odd(const Json& json) { return !json.is_null() && !json.is_string() && !json.is_number(); }

void add_target(AnswerBuilder& builder, const Json& target, const Json& labels) {
  if (!target.is_string()) return builder.skip(config::printable(target.dump()), "is no text");
  const std::string text = target.get<std::string>();
  for (const char* label : {"__weight__", "__zone__", "__path__", "__scheme__"}) {
    if (is_odd(at(labels, label))) return builder.skip(text, fmt::format("its label {} is no text", label));
  }
  const auto colon = text.rfind(':');
  if (colon == text.npos) return builder.skip(text, "is not HOST:PORT");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  builder.add({.what = text,
               .url = {},
               .host = std::move(host),
               .port = text.substr(colon + 1),
               .scheme = text_of(at(labels, "__scheme__")),
               .path = text_of(at(labels, "__path__")),
               .weight = text_of(at(labels, "__weight__")),
               .zone = text_of(at(labels, "__zone__"))});
}

void add_service(AnswerBuilder& builder, const Json& entry) {
  const Json& service = at(entry, "Service");
  const Json& node = at(entry, "Node");
  const Json& meta = at(service, "Meta");
  std::string what = text_of(at(service, "ID"));
  if (what.empty()) what = "an instance without ID";
  std::string host = text_of(at(service, "Address"));
  if (host.empty()) host = text_of(at(node, "Address"));
  const Json& passing = at(at(service, "Weights"), "Passing");
  const std::string of_meta = text_of(at(meta, "weight"));
  if (is_odd(passing)) return builder.skip(what, "its Weights.Passing is no number");
  builder.add({.what = what,
               .url = {},
               .host = std::move(host),
               .port = text_of(at(service, "Port")),
               .scheme = text_of(at(meta, "scheme")),
               .path = text_of(at(meta, "path")),
               .weight = of_meta.empty() ? text_of(passing) : of_meta,
               .zone = text_of(at(at(node, "Meta"), "zone"))});
}

void add_value(AnswerBuilder& builder, const Json& pair) {
  const std::string key = from_base64(text_of(at(pair, "key"))).value_or("a key that is no base64");
  const std::optional<Json> value = json_of(from_base64(text_of(at(pair, "value"))).value_or(""));
  if (!value || !value->is_object()) return builder.skip(key, "its value is no JSON object");
  for (const char* name : {"url", "weight", "zone"}) {
    if (is_odd(at(*value, name))) return builder.skip(key, fmt::format("its {} is no text", name));
  }
  std::string url = text_of(at(*value, "url"));
  if (url.empty()) return builder.skip(key, "its value has no url");
  builder.add({.what = key,
               .url = std::move(url),
               .host = {},
               .port = {},
               .scheme = {},
               .path = {},
               .weight = text_of(at(*value, "weight")),
               .zone = text_of(at(*value, "zone"))});
}

std::string end_of(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (end.empty()) return std::string(1, '\0');  // all keys from there on
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace

Parsed parse_http_sd(std::string_view text, const config::SourceOptions& source) {
  const std::optional<Json> json = json_of(text);
  if (!json) return no_json(text);
  if (!json->is_array()) return std::string("its answer is no list of groups of targets");
  AnswerBuilder builder(source);
  for (const Json& group : *json) {
    const Json& targets = at(group, "targets");
    if (!targets.is_array()) {
      builder.skip("a group", "has no targets");
      continue;
    }
    for (const Json& target : targets) add_target(builder, target, at(group, "labels"));
  }
  return builder.finish();
}

Parsed parse_consul(std::string_view text, const config::SourceOptions& source) {
  const std::optional<Json> json = json_of(text);
  if (!json) return no_json(text);
  if (!json->is_array()) return std::string("its answer is no list of instances");
  AnswerBuilder builder(source);
  for (const Json& entry : *json) add_service(builder, entry);
  return builder.finish();
}

boost::system::result<EtcdRange, std::string> parse_etcd_range(std::string_view text,
                                                               const config::SourceOptions& source) {
  const std::optional<Json> json = json_of(text);
  if (!json) return no_json(text);
  EtcdRange range;
  range.revision = text_of(at(at(*json, "header"), "revision"));
  const bool is_number = !range.revision.empty() && range.revision.size() < 20 &&
                         range.revision.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) return std::string("its answer has no revision");
  const Json& pairs = at(*json, "kvs");
  if (!pairs.is_null() && !pairs.is_array()) return std::string("its answer has no list of keys");
  AnswerBuilder builder(source);
  for (const Json& pair : pairs) add_value(builder, pair);
  range.answer = builder.finish();
  return range;
}

bool EtcdWatch::has_news(std::string_view stream) {
  while (true) {
    const std::size_t end = stream.find('\n', read_);
    if (end == stream.npos) return false;
    const std::optional<Json> json = json_of(stream.substr(read_, end - read_));
    read_ = end + 1;
    if (!json) return true;  // whatever it is, a range shows the truth
    const Json& result = at(*json, "result");
    const Json& canceled = at(result, "canceled");
    if (result.is_null() || !at(result, "events").is_null() || (canceled.is_boolean() && canceled.get<bool>())) {
      return true;
    }
  }
}

std::string etcd_range_request(std::string_view prefix) {
  return Json{{"key", to_base64(prefix)}, {"range_end", to_base64(end_of(prefix))}}.dump();
}

std::string etcd_watch_request(std::string_view prefix, std::string_view revision) {
  const auto next = std::stoull(std::string(revision)) + 1;
  return Json{{"create_request",
               {{"key", to_base64(prefix)},
                {"range_end", to_base64(end_of(prefix))},
                {"start_revision", std::to_string(next)},
                {"progress_notify", true}}}}
      .dump();
}

Answer answer_of(const std::vector<SrvRecord>& records, const config::SourceOptions& source) {
  AnswerBuilder builder(source);
  const auto first = std::ranges::min_element(records, {}, &SrvRecord::priority);
  const bool weighs = std::ranges::any_of(
      records, [&](const SrvRecord& record) { return record.priority == first->priority && record.weight > 0; });
  for (const SrvRecord& record : records) {
    if (record.priority != first->priority) continue;
    if (record.target.empty() || record.target == ".") continue;  // RFC 2782: the service is decidedly not there
    builder.add({.what = fmt::format("{}:{}", record.target, record.port),
                 .url = {},
                 .host = record.target,
                 .port = std::to_string(record.port),
                 .scheme = {},
                 .path = {},
                 .weight = weighs ? std::to_string(std::max<unsigned>(record.weight, 1)) : std::string(),
                 .zone = {}});
  }
  return builder.finish();
}

}  // namespace logdist::registry
