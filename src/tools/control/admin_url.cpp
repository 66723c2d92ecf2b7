#include "logdist/tools/control/admin_url.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace logdist::tools {
namespace {

constexpr const char* listen_variable = "LOGDIST_ADMIN__LISTEN";
constexpr const char* certificate_variable = "LOGDIST_ADMIN__TLS__CERTIFICATE";

constexpr std::string_view unix_scheme = "unix:";

AdminUrl url_of(const config::ListenAddress& address) {
  if (address.is_unix()) return {{"localhost", "80", "/"}, address.path};
  return {{address.host, std::to_string(address.port), "/"}};
}

config::Parsed<AdminUrl> listening_url(const config::Environment& environment) {
  config::ListenAddress address = config::AdminOptions().listen.front();
  if (const auto found = environment.find(listen_variable); found != environment.end()) {
    auto parsed = config::parse_listen_addresses(found->second);
    if (!parsed) return config::ValueError{fmt::format("{} {}", listen_variable, parsed.error().text)};
    address = parsed->front();
  }
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  AdminUrl url = url_of(address);
  const auto certificate = environment.find(certificate_variable);
  url.http.is_tls = certificate != environment.end() && !certificate->second.empty();
  return url;
}

config::ValueError not_a_url(const std::string& why) {
  return {"--url " + why + "; allowed: http://HOST:PORT, https://HOST:PORT, HOST:PORT or unix:/PATH"};
}

config::Parsed<AdminUrl> given_url(const std::string& url) {
  if (url.starts_with(unix_scheme)) {
    const auto parsed = config::parse_listen_addresses(url);
    if (!parsed) return not_a_url(parsed.error().text);
    if (parsed->size() > 1) return not_a_url(config::quote(url) + " is more than one");
    return url_of(parsed->front());
  }
  auto parsed = config::parse_typed_url(url);
  if (!parsed) return not_a_url(parsed.error().text);
  return AdminUrl{*std::move(parsed)};
}

}  // namespace

config::Parsed<AdminUrl> admin_url(const std::optional<std::string>& url, const config::Environment& environment,
                                   const std::string& path) {
  auto result = url ? given_url(*url) : listening_url(environment);
  if (!result) return result;
  std::string& target = result->http.target;
  if (target.ends_with('/')) target.pop_back();
  target += path;
  return result;
}

std::string to_string(const AdminUrl& url) {
  const std::string& target = url.http.target;
  if (url.is_unix()) return fmt::format("{}{}{}{}", unix_scheme, url.socket_path, target.empty() ? "" : ":", target);
  return fmt::format("http{}://{}{}", url.http.is_tls ? "s" : "",
                     config::host_header(url.http.host, url.http.port, url.http.is_tls), target);
}

}  // namespace logdist::tools
