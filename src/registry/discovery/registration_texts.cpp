// What is written where something registers.
#include <chrono>

#include <fmt/format.h>
#include <boost/asio/ip/host_name.hpp>
#include <nlohmann/json.hpp>

#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"
#include "logdist/registry/discovery/registration.hpp"

namespace logdist::registry {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string address_text(const Advertised& advertised) {
  const bool is_v6 = advertised.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), advertised.host, advertised.port);
}

std::string text_of(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

const char* scheme_of(const Advertised& advertised) { return advertised.is_tls ? "https" : "http"; }

}  // namespace

std::string advertised_host(const std::string& wanted, const std::string& listening) {
  if (!wanted.empty()) return wanted;
  const bool is_every = listening.empty() || listening == "0.0.0.0" || listening == "::";
  boost::system::error_code error;
  const std::string name = is_every ? boost::asio::ip::host_name(error) : listening;
  return name.empty() ? "localhost" : name;
}

boost::system::result<RegistryTarget, std::string> parse_registry_url(std::string_view url,
                                                                      const std::string& service) {
  const auto end = url.find("://");
  const std::string_view scheme = url.substr(0, end);
  if (end == url.npos) return config::quote(url) + " has no scheme; allowed: consul://HOST:PORT or etcd://HOST:PORT";
  const bool is_named = scheme == "consul" || scheme == "etcd";
  const auto parsed = config::parse_url(is_named ? fmt::format("http{}", url.substr(end)) : std::string(url));
  if (!parsed) return parsed.error().text;
  const bool is_etcd = scheme == "etcd" || (!is_named && parsed->port == "2379");
  if (!is_named && !is_etcd && parsed->port != "8500") {
    return config::quote(url) + " may be Consul or etcd; allowed: consul://HOST:PORT or etcd://HOST:PORT";
  }
  const std::string server =
      fmt::format("{}://{}", parsed->is_tls ? "https" : "http",
                  parsed->host.find(':') == std::string::npos ? fmt::format("{}:{}", parsed->host, parsed->port)
                                                              : fmt::format("[{}]:{}", parsed->host, parsed->port));
  RegistryTarget target;
  if (is_etcd) {
    target.type = config::SourceType::etcd;
    target.to.etcd.endpoints = server;
    target.to.etcd.prefix = parsed->target == "/" ? "/log-distributor/analyzers/" : parsed->target;
  } else {
    target.to.consul.url = server;
    target.to.consul.service = parsed->target == "/" ? service : parsed->target.substr(1);
  }
  return target;
}

std::vector<RegistryTarget> registry_targets(const config::RegisterOptions& options) {
  std::vector<RegistryTarget> targets;
  if (!options.consul.url.empty()) targets.push_back({config::SourceType::consul, options});
  if (!options.etcd.endpoints.empty()) targets.push_back({config::SourceType::etcd, options});
  return targets;
}

std::string consul_id(const RegistryTarget& target, const Advertised& advertised) {
  return fmt::format("{}-{}", target.to.consul.service, address_text(advertised));
}

std::string consul_service(const RegistryTarget& target, const Advertised& advertised) {
  constexpr auto forgotten_after = std::chrono::minutes(1);
  OrderedJson meta{{"scheme", scheme_of(advertised)},
                   {"path", advertised.path},
                   {"weight", advertised.weight},
                   {"version", version()}};
  if (!advertised.admin.empty()) meta["admin"] = advertised.admin;
  if (!advertised.zone.empty()) meta["zone"] = advertised.zone;
  const auto ttl = std::chrono::ceil<std::chrono::seconds>(target.to.ttl);
  return text_of(
      {{"ID", consul_id(target, advertised)},
       {"Name", target.to.consul.service},
       {"Address", advertised.host},
       {"Port", advertised.port},
       {"Meta", std::move(meta)},
       {"Check",
        {{"TTL", fmt::format("{}s", ttl.count())},
         {"Status", "passing"},
         {"DeregisterCriticalServiceAfter", fmt::format("{}s", std::chrono::seconds(forgotten_after).count())}}}});
}

std::string etcd_key(const RegistryTarget& target, const Advertised& advertised) {
  return target.to.etcd.prefix + (target.to.etcd.prefix.ends_with('/') ? "" : "/") + address_text(advertised);
}

std::string etcd_value(const Advertised& advertised) {
  OrderedJson value{{"url", fmt::format("{}://{}{}", scheme_of(advertised), address_text(advertised), advertised.path)},
                    {"weight", advertised.weight}};
  if (!advertised.zone.empty()) value["zone"] = advertised.zone;
  if (!advertised.admin.empty()) value["admin"] = advertised.admin;
  return text_of(value);
}

}  // namespace logdist::registry
