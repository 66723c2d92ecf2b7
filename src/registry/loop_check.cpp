#include "logdist/registry/loop_check.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <future>
#include <string>

#include <fmt/format.h>

#include "logdist/config/text.hpp"

namespace logdist::registry {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::system::error_code;

/// An IPv4 address that is written as an IPv6 one is that IPv4 address.
address plain(const address& any) {
  if (!any.is_v6() || !any.to_v6().is_v4_mapped()) return any;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, any.to_v6());
}

address address_of(const sockaddr& socket_address) {
  if (socket_address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(socket_address);
    return address_v4(ntohl(v4.sin_addr.s_addr));
  }
  address_v6::bytes_type bytes;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(socket_address);
  std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return address_v6(bytes);
}

std::vector<address> interface_addresses() {
  std::vector<address> result;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return result;
  for (const ifaddrs* next = first; next != nullptr; next = next->ifa_next) {
    if (next->ifa_addr == nullptr) continue;
    const auto family = next->ifa_addr->sa_family;
    if (family == AF_INET || family == AF_INET6) result.push_back(address_of(*next->ifa_addr));
  }
  freeifaddrs(first);
  return result;
}

/// The addresses of one host after the other, within one limit of time for all.
class Finder {
 public:
  explicit Finder(const LocalNames& names)
      : resolver_(names.lookup), until_(std::chrono::steady_clock::now() + names.limit) {}

  std::vector<address> find(const std::string& host) {
    error_code error;
    const address literal = boost::asio::ip::make_address(host, error);
    if (!error) return {plain(literal)};
    const auto promise = std::make_shared<std::promise<net::Addresses>>();
    std::future<net::Addresses> found = promise->get_future();
    const auto known = resolver_.find(
        host, Clock::now(), [promise](const error_code&, const net::Addresses& told) { promise->set_value(told); });
    if (!known && found.wait_until(until_) != std::future_status::ready) return {};
    std::vector<address> result;
    for (const address& each : known ? *known : found.get()) result.push_back(plain(each));
    return result;
  }

 private:
  net::NameResolver resolver_;
  const std::chrono::steady_clock::time_point until_;
};

/// Whether what is sent to `to` arrives at a socket that listens on `on`.
bool arrives(const address& to, const address& on, const std::vector<address>& interfaces) {
  if (to == on) return true;
  if (!on.is_unspecified() || (on.is_v4() && !to.is_v4())) return false;
  return to.is_loopback() || to.is_unspecified() ||
         std::find(interfaces.begin(), interfaces.end(), to) != interfaces.end();
}

}  // namespace

LocalNames LocalNames::of_this_machine() {
  LocalNames names;
  names.addresses = interface_addresses();
  return names;
}

void check_loops(config::Loaded& loaded, const std::optional<std::vector<config::ListenAddress>>& listening,
                 const LocalNames& names) {
  // What the configuration alone tells was said: then the rest can wait.
  if (!loaded.errors.empty()) return;
  const std::vector<config::AnalyzerOptions>& analyzers = loaded.options.analyzers;
  Finder finder(names);
  for (const config::ListenAddress& own : listening ? *listening : loaded.options.server.listen) {
    if (own.is_unix() || own.port == 0) continue;
    std::optional<std::vector<address>> addresses;
    for (std::size_t i = 0; i < analyzers.size(); ++i) {
      if (analyzers[i].port != std::to_string(own.port)) continue;
      if (!addresses) addresses = finder.find(own.host);
      const std::vector<address> targets = finder.find(analyzers[i].host);
      const bool is_own = std::any_of(targets.begin(), targets.end(), [&](const address& to) {
        return std::any_of(addresses->begin(), addresses->end(),
                           [&](const address& on) { return arrives(to, on, names.addresses); });
      });
      if (!is_own) continue;
      loaded.errors.push_back(
          loaded.error_of(fmt::format("analyzers[{}].url", i),
                          config::own_port_message(analyzers[i].url, config::format_listen_address(own))));
    }
  }
}

}  // namespace logdist::registry
