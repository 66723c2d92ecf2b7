#include "logdist/tools/control/admin_url.hpp"

#include <fmt/format.h>

namespace logdist::tools {
namespace {

constexpr const char* listen_variable = "LOGDIST_ADMIN__LISTEN";

config::Parsed<config::HttpUrl> listening_url(const config::Environment& environment) {
  config::ListenAddress address = config::AdminOptions().listen;
  if (const auto found = environment.find(listen_variable); found != environment.end()) {
    auto parsed = config::parse_listen_address(found->second);
    if (!parsed) return config::ValueError{fmt::format("{} {}", listen_variable, parsed.error().text)};
    address = *parsed;
  }
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return config::HttpUrl{address.host, std::to_string(address.port), "/"};
}

config::Parsed<config::HttpUrl> given_url(const std::string& url) {
  auto parsed = config::parse_typed_url(url);
  if (!parsed) return config::ValueError{"--url " + parsed.error().text + "; allowed: http://HOST:PORT or HOST:PORT"};
  return parsed;
}

}  // namespace

config::Parsed<config::HttpUrl> admin_url(const std::optional<std::string>& url, const config::Environment& environment,
                                          const std::string& path) {
  auto result = url ? given_url(*url) : listening_url(environment);
  if (!result) return result;
  if (result->target.ends_with('/')) result->target.pop_back();
  result->target += path;
  return result;
}

}  // namespace logdist::tools
