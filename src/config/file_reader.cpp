#include "config/file_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <optional>
#include <set>

#include "config/suggestion.hpp"
#include "logdist/config/analyzer_list.hpp"

namespace logdist::config {
namespace {

constexpr const char* analyzers_allowed = "a list of analyzers, each with name, url and weight";
constexpr const char* sources_allowed =
    "a list, each entry one of dns, consul, etcd, file, http and cache with its keys";
constexpr const char* section_allowed = "keys with values below it";

/// What YAML 1.1 takes for true or false; YAML 1.2 only the first two.
bool is_yaml_boolean(const Node& node) {
  static constexpr std::array<const char*, 6> words{"true", "false", "yes", "no", "on", "off"};
  return node.plain && std::any_of(words.begin(), words.end(),
                                   [&node](const char* word) { return boost::algorithm::iequals(node.text, word); });
}

/// What is wrong with a value that should have been of another kind.
std::string misplaced(const Node& node) {
  switch (node.type) {
    case Node::Type::null: return "has no value";
    case Node::Type::scalar: return quote(node.text) + " is a single value";
    case Node::Type::list: return "is a list";
    case Node::Type::mapping: return "is a mapping";
  }
  return "is misplaced";
}

class FileReader {
 public:
  FileReader(const std::string& source, OptionsBuilder& builder, Report& report)
      : source_(source), builder_(builder), report_(report) {}

  /// Reads the keys below `path`, "" being the whole document.
  void read_section(const Node& section, const std::string& path, const SourceLocation& location) {
    if (section.type == Node::Type::null) return;  // all its keys may be commented out
    if (section.type != Node::Type::mapping) return refuse(location, section, section_allowed);
    each_key(section, path, [&](const std::string& name, const SourceLocation& at, const Node& value) {
      const std::string below = path.empty() ? name : path + '.' + name;
      const bool is_dotted = name.find('.') != name.npos;  // `queue.max_packets` is no path, but one odd key
      const auto* spec = is_dotted ? nullptr : find_key(option_keys(), below);
      if (below == "analyzers") {
        read_analyzers(value, at);
      } else if (below == "discovery") {
        read_discovery(value, at);
      } else if (spec != nullptr) {
        if (const auto text = text_of(value, *spec, at)) {
          assign_option(*spec, *text, at, builder_, report_);
        } else {
          builder_.refused.insert(spec->path);
        }
      } else if (!is_dotted && is_section(below)) {
        read_section(value, below, at);
      } else {
        report_.add_error(at, "unknown key" + key_suggestion(path, name));
      }
    });
  }

  /// One analyzer of a list, which needs no name; whether it is right. Its headers replace those that it has.
  bool read_listed(const Node& node, const std::string& path, AnalyzerOptions& analyzer) {
    const SourceLocation location{source_, node.line, path};
    if (node.type != Node::Type::mapping) {
      refuse(location, node, "a mapping with url and weight");
      return false;
    }
    const bool has_headers = std::ranges::any_of(node.keys, [](const Node& key) { return key.text == "headers"; });
    if (has_headers) analyzer.headers.clear();
    std::set<std::string_view> given;
    read_keys(analyzer_keys(), node, path, "analyzers[]", "", analyzer, given);
    if (!given.contains("url")) report_.add_error({source_, node.line, path + ".url"}, "is missing");
    return report_.empty();
  }

 private:
  /// Calls visit(name, place, value) for every sound key of `mapping`, which is
  /// shown as `path`.
  template <typename Visit>
  void each_key(const Node& mapping, const std::string& path, Visit visit) {
    std::map<std::string_view, std::size_t> line_of_key;
    for (std::size_t i = 0; i < mapping.keys.size() && !report_.full(); ++i) {
      const Node& key = mapping.keys[i];
      if (key.type != Node::Type::scalar) {
        report_.add_error({source_, key.line, path}, "has a key that is not text; allowed: names of keys");
        continue;
      }
      const SourceLocation location{source_, key.line, (path.empty() ? "" : path + '.') + printable(key.text)};
      const auto [first, is_new] = line_of_key.emplace(key.text, key.line);
      if (is_new) {
        visit(key.text, location, mapping.values[i]);
      } else {
        report_.add_error(location, fmt::format("is given twice, first on line {}; allowed: once", first->second));
      }
    }
  }

  void refuse(const SourceLocation& location, const Node& node, std::string_view allowed) {
    report_.add_error(location, fmt::format("{}; allowed: {}", misplaced(node), allowed));
  }

  /// The single value that `spec` needs; none, after an error, if it is no such.
  template <typename Target>
  std::optional<std::string> text_of(const Node& node, const KeySpec<Target>& spec, const SourceLocation& location) {
    if (spec.is_list && node.type == Node::Type::list) return text_of_list(node, spec, location);
    if (node.type != Node::Type::scalar) {
      refuse(location, node, spec.allowed);
      return std::nullopt;
    }
    if (spec.type == ValueType::text && is_yaml_boolean(node)) {
      report_.add_error(location,
                        fmt::format("{} is a boolean, in quotes it is text; allowed: {}", node.text, spec.allowed));
      return std::nullopt;
    }
    return node.text;
  }

  /// As one text, with commas between the values.
  template <typename Target>
  std::optional<std::string> text_of_list(const Node& list, const KeySpec<Target>& spec,
                                          const SourceLocation& location) {
    std::string text;
    for (const Node& value : list.values) {
      if (value.type != Node::Type::scalar || is_yaml_boolean(value)) {
        report_.add_error(location, fmt::format("has an entry that is not text; allowed: {}", spec.allowed));
        return std::nullopt;
      }
      text.append(text.empty() ? "" : ", ").append(value.text);
    }
    return text;
  }

  void read_analyzers(const Node& list, const SourceLocation& location) {
    builder_.locations.insert_or_assign("analyzers", location);
    if (list.type == Node::Type::null) return;  // none: validate() says so
    if (list.type != Node::Type::list) {
      builder_.refused.insert("analyzers");
      return refuse(location, list, analyzers_allowed);
    }
    if (list.values.size() > analyzers_max) {
      report_.add_error(location, fmt::format("{} analyzers; allowed: at most {}", list.values.size(), analyzers_max));
    }
    const std::size_t count = std::min(list.values.size(), analyzers_max);
    for (std::size_t i = 0; i < count; ++i) read_analyzer(list.values[i], fmt::format("analyzers[{}]", i));
  }

  void read_analyzer(const Node& node, const std::string& path) {
    AnalyzerOptions& analyzer = builder_.options.analyzers.emplace_back();
    const SourceLocation location{source_, node.line, path};
    if (node.type != Node::Type::mapping) return refuse(location, node, "a mapping with name, url and weight");
    read_all_keys(analyzer_keys(), node, path, "analyzers[]", analyzer);
  }

  /// A list of sources; or a mapping with `cache` and `sources`.
  void read_discovery(const Node& node, const SourceLocation& location) {
    builder_.locations.insert_or_assign("discovery", location);
    if (node.type == Node::Type::null) return;
    if (node.type == Node::Type::list) return read_sources(node, location);
    if (node.type != Node::Type::mapping) return refuse(location, node, sources_allowed);
    each_key(node, location.key, [&](const std::string& name, const SourceLocation& at, const Node& value) {
      if (name == "cache") return read_cache(value, at);
      if (name != "sources") return report_.add_error(at, "unknown key; allowed: cache, sources");
      if (value.type != Node::Type::list) return refuse(at, value, sources_allowed);
      read_sources(value, at);
    });
  }

  void read_sources(const Node& list, const SourceLocation& location) {
    if (list.values.size() > sources_max) {
      return report_.add_error(location, fmt::format("has more than {} entries", sources_max));
    }
    for (std::size_t i = 0; i < list.values.size(); ++i) read_source(list.values[i], fmt::format("discovery[{}]", i));
  }

  void read_source(const Node& node, const std::string& path) {
    const SourceLocation location{source_, node.line, path};
    if (node.type != Node::Type::mapping || node.keys.size() != 1) {
      return report_.add_error(location, fmt::format("is not one source; allowed: {}", sources_allowed));
    }
    each_key(node, path, [&](const std::string& name, const SourceLocation& at, const Node& value) {
      if (name == "cache") return read_cache(value, at);
      const auto* const found = std::ranges::find(source_types, name, [](const auto& type) { return type.second; });
      if (found == source_types.end()) {
        return report_.add_error(at, "unknown key" + key_suggestion("discovery[]", name));
      }
      SourceOptions& source = builder_.options.discovery.sources.emplace_back();
      source.type = found->first;
      builder_.locations.insert_or_assign(fmt::format("discovery#{}", builder_.options.discovery.sources.size()), at);
      if (value.type != Node::Type::mapping) return refuse(at, value, section_allowed);
      read_all_keys(source_keys(source.type), value, at.key, "discovery[]." + name, source);
    });
  }

  void read_cache(const Node& node, const SourceLocation& location) {
    const auto& spec = *find_key(option_keys(), "discovery.cache");
    if (const auto text = text_of(node, spec, location)) assign_option(spec, *text, location, builder_, report_);
  }

  /// `known`: what known_paths() calls the level.
  template <typename Target>
  void read_all_keys(const std::vector<KeySpec<Target>>& specs, const Node& node, const std::string& path,
                     const std::string& known, Target& target) {
    std::set<std::string_view> given;
    read_keys(specs, node, path, known, "", target, given);
    for (const auto& spec : specs) {
      if (!spec.required || given.contains(spec.path)) continue;
      report_.add_error({source_, node.line, path + '.' + spec.path}, "is missing; allowed: " + spec.allowed);
    }
  }

  /// Of one level: "", "tls.".
  template <typename Target>
  void read_keys(const std::vector<KeySpec<Target>>& specs, const Node& node, const std::string& path,
                 const std::string& known, const std::string& level, Target& target,
                 std::set<std::string_view>& given) {
    each_key(node, path, [&](const std::string& name, const SourceLocation& at, const Node& value) {
      const std::string below = level + name + '.';
      const bool is_section =
          std::ranges::any_of(specs, [&](const auto& spec) { return spec.path.starts_with(below); });
      if (is_section && name.find('.') == name.npos) {
        if (value.type == Node::Type::null) return;
        if (value.type != Node::Type::mapping) return refuse(at, value, section_allowed);
        return read_keys(specs, value, at.key, known + '.' + name, below, target, given);
      }
      const auto* spec = name.find('.') == name.npos ? find_key(specs, level + name) : nullptr;
      if (spec == nullptr) return report_.add_error(at, "unknown key" + key_suggestion(known, name));
      given.insert(spec->path);
      builder_.locations.insert_or_assign(at.key, at);
      if (spec->assign_entry) return read_entries(value, *spec, target, at);
      if (const auto text = text_of(value, *spec, at)) assign(*spec, target, *text, at, report_);
    });
  }

  template <typename Target>
  void read_entries(const Node& node, const KeySpec<Target>& spec, Target& target, const SourceLocation& location) {
    if (node.type == Node::Type::null) return;
    if (node.type != Node::Type::mapping) return refuse(location, node, spec.allowed);
    each_key(node, location.key, [&](const std::string& name, const SourceLocation& at, const Node& value) {
      if (value.type != Node::Type::scalar) return refuse(at, value, "a text");
      if (is_yaml_boolean(value)) {
        return report_.add_error(at, value.text + " is a boolean, in quotes it is text; allowed: a text");
      }
      const auto error = spec.assign_entry(target, name, value.text);
      if (error) report_.add_error(at, error->text + "; allowed: " + spec.allowed);
    });
  }

  const std::string& source_;
  OptionsBuilder& builder_;
  Report& report_;
};

}  // namespace

void read_tree(const Node& root, const std::string& source, OptionsBuilder& builder, Report& report) {
  FileReader(source, builder, report).read_section(root, "", {source, root.line, ""});
}

AnalyzerList read_analyzer_list(std::string_view text, const std::string& name, const AnalyzerOptions& defaults) {
  AnalyzerList list;
  Report report;
  const auto root = parse_yaml(text, name, report);
  if (!root) {
    report.move_to(list);
    list.is_readable = false;
    return list;
  }
  const Node* node = &*root;
  if (root->type == Node::Type::mapping && root->keys.size() == 1 && root->keys[0].text == "analyzers") {
    node = &root->values[0];
  }
  if (node->type == Node::Type::null) return list;
  if (node->type != Node::Type::list) {
    list.errors.push_back({name, node->line, "", fmt::format("is not {}", analyzers_allowed)});
    list.is_readable = false;
    return list;
  }
  const std::size_t count = std::min(node->values.size(), analyzers_max);
  for (std::size_t i = 0; i < count; ++i) {
    OptionsBuilder builder;
    Report of_one;
    AnalyzerOptions analyzer = defaults;
    if (FileReader(name, builder, of_one).read_listed(node->values[i], fmt::format("analyzers[{}]", i), analyzer)) {
      list.analyzers.push_back(std::move(analyzer));
    }
    Loaded found;
    of_one.move_to(found);
    for (Error& error : found.errors) list.errors.push_back(std::move(error));
  }
  if (count < node->values.size()) {
    list.errors.push_back({name, node->line, "", fmt::format("has more than {} analyzers", analyzers_max)});
  }
  return list;
}

}  // namespace logdist::config
