#include "logdist/net/tls/check_tls.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "logdist/net/tls/server_tls.hpp"

namespace logdist::net {
namespace {

bool has_error(const config::Loaded& loaded, const std::string& section) {
  return std::ranges::any_of(loaded.errors,
                             [&](const config::Error& error) { return error.key.starts_with(section + '.'); });
}

void check_port(config::Loaded& loaded, const std::string& section, const config::PortTlsOptions& options) {
  if (has_error(loaded, section)) return;
  std::vector<TlsProblem> doubts;
  const auto prepared = ServerTls::prepare(options, 1, &doubts);
  if (!prepared) {
    loaded.errors.push_back(loaded.error_of(section + '.' + prepared.error().key, prepared.error().message));
  }
  for (const TlsProblem& doubt : doubts) {
    loaded.warnings.push_back(loaded.error_of(section + '.' + doubt.key, doubt.message));
  }
}

}  // namespace

void check_tls(config::Loaded& loaded) { check_port(loaded, "server.tls", loaded.options.server.tls); }

}  // namespace logdist::net
