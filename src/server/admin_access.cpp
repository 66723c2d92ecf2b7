#include "logdist/server/admin_access.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/host_names.hpp"
#include "logdist/config/text.hpp"

namespace logdist::server {

std::vector<std::string> admin_host_names(const config::AdminOptions& admin) {
  std::vector<std::string> names = split_host_names(admin.hosts);
  for (const config::ListenAddress& address : admin.listen) {
    if (!address.is_unix()) names.push_back(address.host);
  }
  return names;
}

std::vector<std::string> AdminAccess::prepare(const config::Options& options,
                                              const std::vector<config::ListenAddress>& listening) {
  prepared_ = nullptr;
  if (options.admin.tokens.empty()) {
    const auto beyond = std::ranges::find_if_not(listening, config::is_loopback);
    if (options.admin.open || beyond == listening.end()) return {};
    return {
        fmt::format("admin.tokens: the admin port still listens on {}, beyond loopback; allowed: a file, or "
                    "admin.open: true, or a restart",
                    config::format_listen_address(*beyond))};
  }
  auth::AdminTokensFile file = auth::read_admin_tokens(options.admin.tokens);
  std::vector<std::string> faults;
  for (const config::Error& error : file.errors) faults.push_back("admin.tokens: " + config::to_string(error));
  if (faults.empty()) prepared_ = std::make_shared<const auth::AdminTokens>(std::move(file.tokens));
  return faults;
}

}  // namespace logdist::server
