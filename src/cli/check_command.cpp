#include "cli/check_command.hpp"

#include <vector>

#include <fmt/format.h>

#include "logdist/config/text.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/registry/loop_check.hpp"
#include "logdist/sink/dead_letters/dead_letter_file.hpp"

namespace logdist::cli {
namespace {

/// A reload does not listen, and a socket that was handed over takes the place of server.listen.
void check_addresses(config::Loaded& loaded, const std::string& source) {
  const auto check = [&](const char* key, const std::vector<config::ListenAddress>& addresses) {
    for (const config::ListenAddress& address : addresses) {
      const auto error = net::why_not_listen(address, net::is_v6_only(address, addresses));
      if (!error) continue;
      const std::string where = config::format_listen_address(address);
      loaded.errors.push_back({source, 0, key, fmt::format("cannot listen on {}: {}", where, error.message())});
    }
  };
  check("server.listen", loaded.options.server.listen);
  check("admin.listen", loaded.options.admin.listen);
}

}  // namespace

int run_check(const CheckCommandOptions& options, const config::Environment& environment) {
  const std::string source = options.config_file.value_or("environment");
  config::Loaded loaded = config::load(options.config_file, environment);
  registry::check_loops(loaded, std::nullopt);
  const std::string& letters = loaded.options.delivery.dead_letter;
  if (const std::string why = sink::DeadLetterFile::why_not(letters); !why.empty()) {
    loaded.errors.push_back({source, 0, "delivery.dead_letter", fmt::format("cannot append to {}: {}", letters, why)});
  }
  if (!options.reload) check_addresses(loaded, source);
  for (const auto& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", to_string(warning));
  for (const auto& fault : loaded.errors) fmt::print("{}\n", to_string(fault));
  const std::size_t analyzers = loaded.options.analyzers.size();
  if (loaded.errors.empty()) {
    fmt::print("{}: ok, {} {}\n", source, analyzers, analyzers == 1 ? "analyzer" : "analyzers");
  }
  std::fflush(stdout);
  return loaded.errors.empty() ? 0 : 1;
}

}  // namespace logdist::cli
