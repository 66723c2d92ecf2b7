#include "app/health_command.hpp"

#include <fmt/format.h>

#include "app/admin_client.hpp"

namespace logdist::app {
namespace {

int complain(const std::string& what) {
  fmt::print(stderr, "log-distributor health: {}\n", what);
  return 1;
}

}  // namespace

int run_health(const HealthCommandOptions& options, const config::Environment& environment) {
  const auto answer = ask_admin({options.url, options.timeout, options.lookup}, environment, "/readyz");
  if (!answer) return complain(answer.error());
  if (answer->status != 200) return complain(refusal(*answer));
  return 0;
}

}  // namespace logdist::app
