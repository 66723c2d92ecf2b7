// Analyzers alone, in the form that `analyzers` has in the configuration.
//
// Free functions without state, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/config/yaml/report.hpp"

namespace logdist::config {

/// What analyzers that have left for good are counted as; the name of none.
inline constexpr std::string_view gone_name = "gone";

/// Sources of `discovery`.
inline constexpr std::size_t sources_max = 64;

/// What a text has. One that is wrong is left out, and the errors say why.
struct AnalyzerList {
  std::vector<AnalyzerOptions> analyzers;  ///< the name of one may be empty
  std::vector<Error> errors;
  std::vector<Error> warnings;
  bool is_readable = true;  ///< false: it is no such list, the error says why
};

/// YAML or JSON: a list, or a mapping with `analyzers` alone. `name` stands for the file in errors; what one does not
/// say is as in `defaults`. At most analyzers_max, and text_bytes_max.
AnalyzerList read_analyzer_list(std::string_view text, const std::string& name, const AnalyzerOptions& defaults);

/// As JSON, with everything that is not its default: headers, too, which may be secrets.
std::string write_analyzer_list(const std::vector<AnalyzerOptions>& analyzers);

/// Puts `url` into the analyzer; the error says what is wrong with it.
std::string set_url(AnalyzerOptions& analyzer, std::string_view url);
/// Likewise, what `weight` and `zone` say in the configuration.
std::string set_weight(AnalyzerOptions& analyzer, std::string_view weight);
std::string set_zone(AnalyzerOptions& analyzer, std::string_view zone);

}  // namespace logdist::config
