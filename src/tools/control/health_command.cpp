#include "logdist/tools/control/health_command.hpp"

#include <fmt/format.h>

#include "logdist/os/complain.hpp"
#include "logdist/tools/control/admin_client.hpp"

namespace logdist::tools {
int run_health(const HealthCommandOptions& options, const config::Environment& environment) {
  const auto answer = ask_admin({options.url, options.timeout, options.lookup, options.token_file, options.tls},
                                environment, options.live ? "/healthz" : "/readyz");
  if (!answer) return os::complain("health", answer.error());
  if (answer->status != 200) return os::complain("health", refusal(*answer));
  return 0;
}

}  // namespace logdist::tools
