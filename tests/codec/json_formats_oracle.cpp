#include "tests/codec/json_formats_oracle.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/codec/json_tree.hpp"

namespace logdist::codec {
namespace {

using Count = std::optional<std::uint32_t>;
using Values = std::vector<std::unique_ptr<Node>>;

bool is_object(const Node& node) { return node.type == Node::Type::object; }
bool is_array(const Node& node) { return node.type == Node::Type::array; }
bool is_string(const Node& node) { return node.type == Node::Type::string; }

/// The values of a body that stand in a row; none when one of them is no JSON, or neither object nor array.
std::optional<Values> values_of(std::string_view body) {
  Values values;
  for (std::size_t at = 0;;) {
    at = std::min(body.find_first_not_of(" \t\r\n", at), body.size());
    if (at == body.size()) return values;
    if (body[at] != '{' && body[at] != '[') return std::nullopt;
    std::size_t open = 0;
    bool in_string = false;
    std::size_t end = at;
    do {
      const char byte = body[end];
      if (in_string && byte == '\\') {
        ++end;
      } else if (byte == '"') {
        in_string = !in_string;
      } else if (!in_string && (byte == '{' || byte == '[')) {
        ++open;
      } else if (!in_string && (byte == '}' || byte == ']')) {
        --open;
      }
      ++end;
    } while (end < body.size() && open > 0);
    auto value = parse(std::string(body.substr(at, std::min(end, body.size()) - at)));
    if (!value || value->depth() > max_depth) return std::nullopt;
    values.push_back(std::move(value));
    at = std::min(end, body.size());
  }
}

/// The member of that name; `wrong` when there is more than one.
const Node* member(const Node& object, std::initializer_list<std::string_view> names, bool& wrong) {
  const Node* found = nullptr;
  for (const auto& [key, value] : object.children) {
    if (std::find(names.begin(), names.end(), key) == names.end()) continue;
    wrong = wrong || found != nullptr;
    found = value.get();
  }
  return found;
}

/// The sum over the elements of an array member, which may be null or missing.
template <typename Each>
Count sum(const Node& object, std::initializer_list<std::string_view> names, Each each) {
  bool wrong = false;
  const Node* const array = member(object, names, wrong);
  if (wrong) return std::nullopt;
  if (array == nullptr || array->null) return 0;
  if (!is_array(*array)) return std::nullopt;
  std::uint32_t count = 0;
  for (const auto& [key, element] : array->children) {
    const Count more = each(*element);
    if (!more) return std::nullopt;
    count += *more;
  }
  return count;
}

Count one_object(const Node& node) { return is_object(node) ? Count(1) : std::nullopt; }

Count count_otlp(const Node& root) {
  if (!is_object(root)) return std::nullopt;
  return sum(root, {"resourceLogs", "resource_logs"}, [](const Node& resource) -> Count {
    if (!is_object(resource)) return std::nullopt;
    return sum(resource, {"scopeLogs", "scope_logs"}, [](const Node& scope) -> Count {
      if (!is_object(scope)) return std::nullopt;
      return sum(scope, {"logRecords", "log_records"}, one_object);
    });
  });
}

Count count_loki(const Node& root) {
  bool wrong = false;
  if (!is_object(root) || (!root.children.empty() && member(root, {"streams"}, wrong) == nullptr)) return std::nullopt;
  return sum(root, {"streams"}, [](const Node& stream) -> Count {
    if (!is_object(stream)) return std::nullopt;
    return sum(stream, {"values"}, [](const Node& entry) -> Count {
      const auto& parts = entry.children;
      if (!is_array(entry) || parts.size() < 2 || parts.size() > 3) return std::nullopt;
      if (!is_string(*parts[0].second) || !is_string(*parts[1].second)) return std::nullopt;
      return parts.size() == 2 || is_object(*parts[2].second) ? Count(1) : std::nullopt;
    });
  });
}

Count count_firehose(const Node& root) {
  bool wrong = false;
  const Node* const records = is_object(root) ? member(root, {"records"}, wrong) : nullptr;
  if (!is_object(root) || (records == nullptr && !root.children.empty())) return std::nullopt;
  if (records != nullptr && records->null) return std::nullopt;
  return sum(root, {"records"}, one_object);
}

Count count_hec(const Node& value) {
  if (is_array(value)) {
    std::uint32_t count = 0;
    for (const auto& [key, element] : value.children) {
      if (!is_object(*element) || !count_hec(*element)) return std::nullopt;
      ++count;
    }
    return count;
  }
  bool wrong = false;
  const Node* const event = member(value, {"event"}, wrong);
  if (wrong || event == nullptr || event->null || (is_string(*event) && event->text.empty())) return std::nullopt;
  return 1;
}

Count count_events(const Node& value) {
  if (is_object(value)) return 1;
  for (const auto& [key, element] : value.children) {
    if (!is_object(*element) && !is_string(*element)) return std::nullopt;
  }
  return static_cast<std::uint32_t>(value.children.size());
}

Count count_datadog(const Node& value) {
  if (is_object(value)) return value.children.empty() ? 0 : 1;
  for (const auto& [key, element] : value.children) {
    if (!is_object(*element)) return std::nullopt;
  }
  return static_cast<std::uint32_t>(value.children.size());
}

/// Of an object that is only an envelope.
Count count_enveloped(const Node& root) {
  Count count;
  for (const auto& [key, value] : root.children) {
    if (key != "logs" && key != "messages" && key != "events" && key != "records") continue;
    if (!is_array(*value)) continue;
    const Count elements = count_events(*value);
    if (count || !elements || (*elements == 0 && root.children.size() > 1)) return std::nullopt;
    count = elements;
  }
  return count;
}

Count count_values(Format format, const Values& values) {
  if (values.size() == 1 && format == Format::events && is_object(*values[0])) {
    if (const Count enveloped = count_enveloped(*values[0])) return enveloped;
  }
  std::uint32_t sum = 0;
  for (const auto& value : values) {
    Count count;
    if (format == Format::hec_event) count = count_hec(*value);
    if (format == Format::events) count = count_events(*value);
    if (format == Format::datadog) count = count_datadog(*value);
    if (format == Format::gelf) count = one_object(*value);
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

}  // namespace

std::optional<std::uint32_t> count_by_tree(Format format, std::string_view body) {
  if (body.starts_with("\xef\xbb\xbf")) return std::nullopt;
  const auto values = values_of(body);
  if (!values) return std::nullopt;
  const bool in_a_row =
      format == Format::hec_event || format == Format::events || format == Format::datadog || format == Format::gelf;
  const bool may_be_empty = format != Format::hec_event && format != Format::events && format != Format::gelf &&
                            format != Format::cloud_event;
  if (values->empty()) return may_be_empty ? Count(0) : std::nullopt;
  Count count;
  if (in_a_row) {
    count = count_values(format, *values);
  } else if (values->size() == 1) {
    const Node& root = *values->front();
    if (format == Format::otlp_json) count = count_otlp(root);
    if (format == Format::loki_json) count = count_loki(root);
    if (format == Format::firehose) count = count_firehose(root);
    if (format == Format::cloud_event) count = one_object(root);
    if (format == Format::cloud_event_batch && is_array(root)) count = count_datadog(root);
  }
  return count && (*count > 0 || may_be_empty) ? count : std::nullopt;
}

}  // namespace logdist::codec
