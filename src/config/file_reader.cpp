#include "config/file_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <optional>
#include <set>

#include "config/hint.hpp"

namespace logdist::config {
namespace {

constexpr const char* analyzers_allowed = "a list of analyzers, each with name, url and weight";
constexpr const char* section_allowed = "keys with values below it";

/// What YAML 1.1 takes for true or false; YAML 1.2 only the first two.
bool is_yaml_boolean(const Node& node) {
  static constexpr std::array<const char*, 6> words{"true", "false", "yes", "no", "on", "off"};
  return node.plain && std::any_of(words.begin(), words.end(),
                                   [&node](const char* word) { return boost::algorithm::iequals(node.text, word); });
}

/// What is wrong with a value that should have been of another kind.
std::string misplaced(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "has no value";
    case Node::Kind::scalar: return quote(node.text) + " is a single value";
    case Node::Kind::list: return "is a list";
    case Node::Kind::mapping: return "is a mapping";
  }
  return "is misplaced";
}

class FileReader {
 public:
  FileReader(const std::string& source, Draft& draft, Report& report)
      : source_(source), draft_(draft), report_(report) {}

  /// Reads the keys below `path`, "" being the whole document.
  void read_section(const Node& section, const std::string& path, const Place& place) {
    if (section.kind == Node::Kind::null) return;  // all its keys may be commented out
    if (section.kind != Node::Kind::mapping) return refuse(place, section, section_allowed);
    each_key(section, path, [&](const std::string& name, const Place& at, const Node& value) {
      const std::string below = path.empty() ? name : path + '.' + name;
      const bool is_dotted = name.find('.') != name.npos;  // `queue.max_packets` is no path, but one odd key
      const auto* row = is_dotted ? nullptr : find_row(option_rows(), below);
      if (below == "analyzers") {
        read_analyzers(value, at);
      } else if (row != nullptr) {
        if (const auto text = text_of(value, *row, at)) {
          assign_option(*row, *text, at, draft_, report_);
        } else {
          draft_.refused.insert(row->path);
        }
      } else if (!is_dotted && is_section(below)) {
        read_section(value, below, at);
      } else {
        report_.fault(at, "unknown key" + key_hint(path, name));
      }
    });
  }

 private:
  /// Calls visit(name, place, value) for every sound key of `mapping`, which is
  /// shown as `path`.
  template <typename Visit>
  void each_key(const Node& mapping, const std::string& path, Visit visit) {
    std::map<std::string_view, std::size_t> line_of_key;
    for (std::size_t i = 0; i < mapping.keys.size() && !report_.full(); ++i) {
      const Node& key = mapping.keys[i];
      if (key.kind != Node::Kind::scalar) {
        report_.fault({source_, key.line, path}, "has a key that is no text; allowed: names of keys");
        continue;
      }
      const Place place{source_, key.line, (path.empty() ? "" : path + '.') + printable(key.text)};
      const auto [first, is_new] = line_of_key.emplace(key.text, key.line);
      if (is_new) {
        visit(key.text, place, mapping.values[i]);
      } else {
        report_.fault(place, fmt::format("is given twice, first on line {}; allowed: once", first->second));
      }
    }
  }

  void refuse(const Place& place, const Node& node, std::string_view allowed) {
    report_.fault(place, fmt::format("{}; allowed: {}", misplaced(node), allowed));
  }

  /// The single value that `row` needs; none, after a fault, if it is no such.
  template <typename Target>
  std::optional<std::string> text_of(const Node& node, const Row<Target>& row, const Place& place) {
    if (row.is_list && node.kind == Node::Kind::list) return text_of_list(node, row, place);
    if (node.kind != Node::Kind::scalar) {
      refuse(place, node, row.allowed);
      return std::nullopt;
    }
    if (row.kind == ValueKind::text && is_yaml_boolean(node)) {
      report_.fault(place, fmt::format("{} is a boolean, in quotes it is text; allowed: {}", node.text, row.allowed));
      return std::nullopt;
    }
    return node.text;
  }

  /// As one text, with commas between the values.
  template <typename Target>
  std::optional<std::string> text_of_list(const Node& list, const Row<Target>& row, const Place& place) {
    std::string text;
    for (const Node& value : list.values) {
      if (value.kind != Node::Kind::scalar || is_yaml_boolean(value)) {
        report_.fault(place, fmt::format("has an entry that is no text; allowed: {}", row.allowed));
        return std::nullopt;
      }
      text.append(text.empty() ? "" : ", ").append(value.text);
    }
    return text;
  }

  void read_analyzers(const Node& list, const Place& place) {
    draft_.places.insert_or_assign("analyzers", place);
    if (list.kind == Node::Kind::null) return;  // none: validate() says so
    if (list.kind != Node::Kind::list) {
      draft_.refused.insert("analyzers");
      return refuse(place, list, analyzers_allowed);
    }
    if (list.values.size() > analyzers_max) {
      report_.fault(place, fmt::format("{} analyzers; allowed: at most {}", list.values.size(), analyzers_max));
    }
    const std::size_t count = std::min(list.values.size(), analyzers_max);
    for (std::size_t i = 0; i < count; ++i) read_analyzer(list.values[i], fmt::format("analyzers[{}]", i));
  }

  void read_analyzer(const Node& node, const std::string& path) {
    AnalyzerOptions& analyzer = draft_.options.analyzers.emplace_back();
    const Place place{source_, node.line, path};
    if (node.kind != Node::Kind::mapping) return refuse(place, node, "a mapping with name, url and weight");
    std::set<std::string_view> given;
    each_key(node, path, [&](const std::string& name, const Place& at, const Node& value) {
      const auto* row = find_row(analyzer_rows(), name);
      if (row == nullptr) return report_.fault(at, "unknown key" + key_hint("analyzers[]", name));
      given.insert(row->path);
      draft_.places.insert_or_assign(at.key, at);
      if (row->assign_entry) return read_entries(value, *row, analyzer, at);
      if (const auto text = text_of(value, *row, at)) assign(*row, analyzer, *text, at, report_);
    });
    for (const auto& row : analyzer_rows()) {
      if (!row.required || given.contains(row.path)) continue;
      report_.fault({source_, node.line, path + '.' + row.path}, "is missing; allowed: " + row.allowed);
    }
  }

  void read_entries(const Node& node, const Row<AnalyzerOptions>& row, AnalyzerOptions& analyzer, const Place& place) {
    if (node.kind == Node::Kind::null) return;
    if (node.kind != Node::Kind::mapping) return refuse(place, node, row.allowed);
    each_key(node, place.key, [&](const std::string& name, const Place& at, const Node& value) {
      if (value.kind != Node::Kind::scalar) return refuse(at, value, "a text");
      if (is_yaml_boolean(value)) {
        return report_.fault(at, value.text + " is a boolean, in quotes it is text; allowed: a text");
      }
      const auto refusal = row.assign_entry(analyzer, name, value.text);
      if (refusal) report_.fault(at, refusal->text + "; allowed: " + row.allowed);
    });
  }

  const std::string& source_;
  Draft& draft_;
  Report& report_;
};

}  // namespace

void read_tree(const Node& root, const std::string& source, Draft& draft, Report& report) {
  FileReader(source, draft, report).read_section(root, "", {source, root.line, ""});
}

}  // namespace logdist::config
