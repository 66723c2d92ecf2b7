// Making something known in Consul or etcd as long as it is there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"

namespace logdist::registry {

/// What others get to know.
struct Advertised {
  std::string host;          ///< by which it is reached; an IPv6 address without brackets
  std::uint16_t port = 0;    ///< of packets
  std::string path = "/";    ///< likewise
  std::string admin;         ///< HOST:PORT of the admin port; empty: there is none
  std::string weight = "1";  ///< of an analyzer, as the configuration has it
  std::string zone;          ///< likewise; empty: not known
  bool is_tls = false;       ///< packets come by https
};

/// `wanted`; else the address that is listened on; where that is every address, this machine's name.
std::string advertised_host(const std::string& wanted, const std::string& listening);

/// Where.
struct RegistryTarget {
  config::SourceType type = config::SourceType::consul;  ///< or etcd
  config::RegisterOptions to;
};

/// `consul://HOST:PORT/SERVICE` or `etcd://HOST:PORT/PREFIX`; the error says what is wrong with it. http:// is Consul
/// at its port 8500 and etcd at 2379; what is not said is `service`, and /`service`s/ as prefix.
boost::system::result<RegistryTarget, std::string> parse_registry_url(std::string_view url, const std::string& service);

/// Those that `options` names.
std::vector<RegistryTarget> registry_targets(const config::RegisterOptions& options);

/// The body of Consul's `/v1/agent/service/register`: a check of so many seconds goes with it.
std::string consul_service(const RegistryTarget& target, const Advertised& advertised);
/// Its ID.
std::string consul_id(const RegistryTarget& target, const Advertised& advertised);
/// The key that etcd gets and its value, as a source of discovery reads it.
std::string etcd_key(const RegistryTarget& target, const Advertised& advertised);
std::string etcd_value(const Advertised& advertised);

/// Registers, gives a sign of life three times in `ttl`, and registers again where it is forgotten; the log says when
/// that does not work, and when it does again. A thread of its own. Confined to one thread.
class Registration {
 public:
  /// Begins at once. `seed` is of what spreads retries.
  Registration(RegistryTarget target, Advertised advertised, std::uint64_t seed);
  /// As withdraw(); waits for it, shortly.
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  /// Takes it back. Does not wait.
  void withdraw();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::registry
