#include "logdist/tools/agent/target_tls.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "logdist/config/keys.hpp"

namespace logdist::tools {
namespace {

/// Each of the section as an option of the command line.
std::string option_of(std::string key) {
  std::ranges::replace(key, '_', '-');
  return "--" + key;
}

}  // namespace

TargetTlsOptions with_environment(TargetTlsOptions options, const config::Environment& environment) {
  const auto add = [&environment](std::optional<std::string>& option, const char* variable) {
    const auto found = environment.find(variable);
    if (!option && found != environment.end() && !found->second.empty()) option = found->second;
  };
  add(options.ca, config::ca_variable);
  add(options.server_name, config::server_name_variable);
  if (options.certificate || options.key) return options;  // they belong together
  add(options.certificate, config::certificate_variable);
  add(options.key, config::key_variable);
  return options;
}

boost::system::result<std::shared_ptr<net::ClientTls>, std::string> target_tls(const config::HttpUrl& target,
                                                                               const TargetTlsOptions& options) {
  if (!target.is_tls) return std::shared_ptr<net::ClientTls>();
  if (options.certificate.has_value() != options.key.has_value()) {
    return fmt::format("{} is given without {}; allowed: both or none", options.key ? "--key" : "--certificate",
                       options.key ? "--certificate" : "--key");
  }
  config::AnalyzerTlsOptions tls;
  tls.ca = options.ca.value_or("");
  tls.certificate = options.certificate.value_or("");
  tls.key = options.key.value_or("");
  tls.server_name = options.server_name.value_or("");
  auto context = net::ClientTls::prepare(tls, target.host);
  if (!context) return fmt::format("{} {}", option_of(context.error().key), context.error().message);
  return std::make_shared<net::ClientTls>(std::move(*context));
}

}  // namespace logdist::tools
