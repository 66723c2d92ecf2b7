#include "config/environment_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "config/suggestion.hpp"

namespace logdist::config {
namespace {

constexpr std::string_view variable_prefix = "LOGDIST_";
/// What a word of an entry may be: every key that has one value.
std::string entry_allowed() {
  std::string text = "NAME=URL, then";
  for (const auto& spec : analyzer_keys()) text += spec.assign && !spec.required ? ' ' + spec.path + "=…," : "";
  return text + " separated by spaces";
}

std::vector<std::string> split(const std::string& text, const char* separators) {
  std::vector<std::string> parts;
  boost::algorithm::split(parts, text, boost::algorithm::is_any_of(separators), boost::algorithm::token_compress_on);
  std::erase_if(parts, [](std::string& part) {
    boost::algorithm::trim(part);
    return part.empty();
  });
  return parts;
}

/// Where `text` goes on with an entry: NAME=SCHEME://…, or ends.
bool begins_entry(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n;,");
  if (first == text.npos) return true;
  const std::string_view word = text.substr(first, text.find_first_of(" \t\r\n,", first) - first);
  const auto equals = word.find('=');
  return equals != word.npos && equals > 0 && word.find("://", equals) != word.npos;
}

/// Entries are separated by `,`, and by a `;` that is not part of a URL.
std::vector<std::string> entries_of(std::string value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == ';' && begins_entry(std::string_view(value).substr(i + 1))) value[i] = ',';
  }
  return split(value, ",");
}

/// What a file has said of the analyzers, to be compared.
std::string analyzers_text(const std::vector<AnalyzerOptions>& analyzers) {
  std::string text;
  for (const AnalyzerOptions& analyzer : analyzers) {
    for (const auto& spec : analyzer_keys()) text += spec.show(analyzer) + ' ';
    for (const auto& [name, value] : analyzer.headers) text += fmt::format("{}: {} ", name, value);
  }
  return text;
}

/// "a=b=c" → "a", "b=c"; "a" → "a", "".
std::pair<std::string, std::string> split_at_equals(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == word.npos) return {word, ""};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

class AnalyzersVariable {
 public:
  AnalyzersVariable(OptionsBuilder& builder, Report& report) : builder_(builder), report_(report) {}

  void read(const std::string& value) {
    if (const auto location = builder_.locations.find("analyzers"); location != builder_.locations.end()) {
      builder_.masked["analyzers"] = {location->second.source, location->second.line, std::string(analyzers_variable),
                                      analyzers_text(builder_.options.analyzers)};
    }
    builder_.options.analyzers.clear();
    builder_.refused.erase("analyzers");
    std::erase_if(builder_.locations, [](const auto& entry) { return entry.first.starts_with("analyzers"); });
    builder_.locations["analyzers"] = {environment_source, 0, analyzers_variable};
    const auto entries = entries_of(value);
    for (std::size_t i = 0; i < entries.size() && i < analyzers_max; ++i) read_entry(entries[i], i);
    if (entries.size() > analyzers_max) {
      report_.add_error(location_of(""),
                        fmt::format("{} analyzers; allowed: at most {}", entries.size(), analyzers_max));
    }
  }

 private:
  static SourceLocation location_of(const std::string& suffix) {
    return {environment_source, 0, analyzers_variable + suffix};
  }

  void read_entry(const std::string& entry, std::size_t index) {
    AnalyzerOptions& analyzer = builder_.options.analyzers.emplace_back();
    const std::string suffix = fmt::format("[{}]", index);
    const auto words = split(entry, " \t\r\n");
    const auto [name, url] = split_at_equals(words.front());
    if (url.empty()) {
      return report_.add_error(location_of(suffix),
                               fmt::format("{} is not NAME=URL; allowed: {}", quote(words.front()), entry_allowed()));
    }
    read_key("name", name, suffix, analyzer);
    read_key("url", url, suffix, analyzer);
    std::set<std::string> given{"name", "url"};
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto [key, value] = split_at_equals(words[i]);
      if (!given.insert(key).second) {
        report_.add_error(location_of(suffix + '.' + printable(key)), "is given twice; allowed: once");
      } else if (!read_key(key, value, suffix, analyzer)) {
        report_.add_error(location_of(suffix),
                          fmt::format("{} is not known; allowed: {}", quote(words[i]), entry_allowed()));
      }
    }
  }

  /// Whether there is such a key that a word can hold; what is wrong with its
  /// value is an error.
  bool read_key(const std::string& key, const std::string& value, const std::string& suffix,
                AnalyzerOptions& analyzer) {
    const auto* spec = find_key(analyzer_keys(), key);
    if (spec == nullptr || !spec->assign) return false;
    const SourceLocation location = location_of(suffix + '.' + key);
    builder_.locations.insert_or_assign("analyzers" + suffix + '.' + key, location);
    assign(*spec, analyzer, value, location, report_);
    return true;
  }

  OptionsBuilder& builder_;
  Report& report_;
};

bool is_of_tools(std::string_view name) {
  constexpr std::array variables{token_variable,       token_file_variable, ca_variable,
                                 certificate_variable, key_variable,        server_name_variable};
  return std::ranges::find(variables, name) != variables.end();
}

}  // namespace

void read_variables(const Environment& environment, OptionsBuilder& builder, Report& report) {
  std::map<std::string, const KeySpec<Options>*> spec_of_variable;
  for (const auto& spec : option_keys()) spec_of_variable.emplace(variable_of(spec.path), &spec);

  for (const auto& [name, value] : environment) {
    const SourceLocation location{environment_source, 0, printable(name)};
    if (name == analyzers_variable) {
      AnalyzersVariable(builder, report).read(value);
    } else if (const auto found = spec_of_variable.find(name); found != spec_of_variable.end()) {
      const KeySpec<Options>& spec = *found->second;
      if (const auto before = builder.locations.find(spec.path); before != builder.locations.end()) {
        builder.masked[spec.path] = {before->second.source, before->second.line, name, spec.show(builder.options)};
      }
      assign_option(spec, value, location, builder, report);
    } else if (name.starts_with(variable_prefix) && !is_of_tools(name)) {
      report.add_warning(location, "unknown variable, ignored" + variable_suggestion(name));
    }
  }
}

}  // namespace logdist::config
