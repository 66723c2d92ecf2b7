// `log-distributor health`: asks a running daemon whether it is ready, for
// container health checks where there is no shell and no curl.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/net/name_resolver.hpp"
#include "logdist/tools/agent/target_tls.hpp"

namespace logdist::tools {

struct HealthCommandOptions {
  std::optional<std::string> url{};  ///< of the admin port; none: as admin_url() finds it
  bool live = false;                 ///< asks whether it is alive, not whether it takes packets
  Duration timeout = std::chrono::seconds(5);
  net::Lookup lookup = net::system_lookup;  ///< of the daemon's name
  std::optional<std::string> token_file{};  ///< as of AdminPort
  TargetTlsOptions tls{};                   ///< likewise
};

/// Returns the exit code: 0 when GET /readyz, or /healthz, is answered 200; else 1, and one
/// line on stderr says why.
int run_health(const HealthCommandOptions& options, const config::Environment& environment);

}  // namespace logdist::tools
