#include "logdist/net/tls/check_tls.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "logdist/net/tls/client_tls.hpp"
#include "logdist/net/tls/server_tls.hpp"

namespace logdist::net {
namespace {

bool has_error(const config::Loaded& loaded, const std::string& section) {
  return std::ranges::any_of(loaded.errors,
                             [&](const config::Error& error) { return error.key.starts_with(section + '.'); });
}

/// With the place of the key that `problem` is of.
config::Error error_of(const config::Loaded& loaded, const std::string& section, const TlsProblem& problem) {
  return loaded.error_of(section + '.' + problem.key, problem.message);
}

void check_port(config::Loaded& loaded, const std::string& section, const config::PortTlsOptions& options) {
  if (has_error(loaded, section)) return;
  std::vector<TlsProblem> doubts;
  const auto prepared = ServerTls::prepare(options, 1, &doubts);
  if (!prepared) loaded.errors.push_back(error_of(loaded, section, prepared.error()));
  for (const TlsProblem& doubt : doubts) loaded.warnings.push_back(error_of(loaded, section, doubt));
}

void check_analyzers(config::Loaded& loaded) {
  for (std::size_t i = 0; i < loaded.options.analyzers.size(); ++i) {
    const config::AnalyzerOptions& analyzer = loaded.options.analyzers[i];
    const std::string section = fmt::format("analyzers[{}].tls", i);
    if (!analyzer.is_tls || has_error(loaded, section)) continue;
    std::vector<TlsProblem> doubts;
    const auto prepared = ClientTls::prepare(analyzer.tls, analyzer.host, &doubts);
    if (!prepared) loaded.errors.push_back(error_of(loaded, section, prepared.error()));
    for (const TlsProblem& doubt : doubts) loaded.warnings.push_back(error_of(loaded, section, doubt));
  }
}

}  // namespace

void check_tls(config::Loaded& loaded) {
  check_port(loaded, "server.tls", loaded.options.server.tls);
  check_port(loaded, "admin.tls", loaded.options.admin.tls);
  check_analyzers(loaded);
}

}  // namespace logdist::net
