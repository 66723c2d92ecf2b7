#include "app/health_command.hpp"

#include <fmt/format.h>

#include "app/admin_client.hpp"
#include "app/complain.hpp"

namespace logdist::app {
int run_health(const HealthCommandOptions& options, const config::Environment& environment) {
  const auto answer =
      ask_admin({options.url, options.timeout, options.lookup}, environment, options.live ? "/healthz" : "/readyz");
  if (!answer) return complain("health", answer.error());
  if (answer->status != 200) return complain("health", refusal(*answer));
  return 0;
}

}  // namespace logdist::app
