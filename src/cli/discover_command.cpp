#include "cli/discover_command.hpp"

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/registry/discovery/discovery.hpp"

namespace logdist::cli {
namespace {

void print_sample(const registry::SourceSample& sample, std::ostream& out) {
  out << fmt::format("{}: {}\n", sample.source, counted(sample.answer.analyzers.size(), "analyzer"));
  for (const config::AnalyzerOptions& analyzer : sample.answer.analyzers) {
    out << fmt::format("  {}  {}  weight {}{}\n", config::escape(analyzer.name), config::escape(analyzer.url),
                       config::format_weight(analyzer.weight),
                       analyzer.zone.empty() ? "" : fmt::format("  zone {}", analyzer.zone));
  }
  for (const registry::Skipped& skipped : sample.answer.skipped) {
    out << fmt::format("  skipped: {}: {}\n", config::escape(skipped.what), config::escape(skipped.why));
  }
  const std::size_t more = sample.answer.skipped_count - sample.answer.skipped.size();
  if (more > 0) out << fmt::format("  skipped: {} more\n", more);
}

}  // namespace

int run_discover(const DiscoverCommandOptions& options, const config::Environment& environment, std::ostream& out,
                 std::ostream& errors) {
  const config::Loaded loaded = config::load(options.config_file, environment);
  for (const config::Error& error : loaded.errors) errors << config::to_string(error) << '\n';
  if (!loaded.errors.empty()) return 1;
  if (loaded.options.discovery.sources.empty()) {
    out << "no source: `discovery` is empty\n";
    return 0;
  }
  bool all_answer = true;
  for (const registry::SourceSample& sample : registry::sample_sources(loaded.options, options.timeout)) {
    if (sample.error.empty()) {
      print_sample(sample, out);
    } else {
      all_answer = false;
      out << fmt::format("{}: {}\n", sample.source, config::escape(sample.error));
    }
  }
  return all_answer ? 0 : 1;
}

}  // namespace logdist::cli
