#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/parse.hpp>
#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>

#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"

namespace logdist::config {
namespace {

class Validator {
 public:
  Validator(const OptionsBuilder& builder, const std::string& source, Report& report)
      : builder_(builder), options_(builder.options), source_(source), report_(report) {}

  void check_analyzers() {
    if (!sound({"analyzers"})) return;
    if (options_.analyzers.empty() && options_.discovery.sources.empty()) {
      report_.add_error(location_of("analyzers"),
                        fmt::format("none is given; allowed: at least one, in the file or in {}", analyzers_variable));
    }
    std::map<std::string_view, std::size_t> index_of_name;
    for (std::size_t i = 0; i < options_.analyzers.size(); ++i) {
      const std::string& name = options_.analyzers[i].name;
      if (name.empty()) continue;  // refused or missing, which was said
      if (name == gone_name) {
        report_.add_error(location_of(fmt::format("analyzers[{}].name", i)),
                          quote(name) + " is what analyzers that have left are counted as; allowed: another name");
      }
      const auto [first, is_new] = index_of_name.emplace(name, i);
      if (is_new) continue;
      report_.add_error(
          location_of(fmt::format("analyzers[{}].name", i)),
          fmt::format("{} is also the name of analyzers[{}]; allowed: a unique name", quote(name), first->second));
    }
  }

  /// Gives each its name, too.
  void check_sources(std::vector<SourceOptions>& sources) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      SourceOptions& source = sources[i];
      const SourceLocation at = location_of(fmt::format("discovery#{}", i + 1));
      const std::string_view type = source_types[static_cast<std::size_t>(source.type)].second;
      if (source.source.empty()) source.source = type;
      if (!names.insert(source.source).second) {
        report_.add_error(at, fmt::format("{} is also the name of another source; allowed: a unique name as `source`",
                                          quote(source.source)));
      }
      if (source.type == SourceType::dns && source.record == DnsRecord::a && source.port == 0) {
        report_.add_error({at.source, at.line, at.key + ".port"}, "is missing; allowed: the analyzers' port");
      }
      if (source.type == SourceType::etcd && source.user.empty() != source.password.empty()) {
        report_.add_error({at.source, at.line, at.key + ".user"},
                          "is of no use alone; allowed: user and password, or none");
      }
      check_pair(at.key + ".source_tls.", source.source_tls.certificate, source.source_tls.key, "");
    }
  }

  void check_backoff(const std::string& path, const BackoffOptions& backoff) {
    const std::string initial = path + ".initial";
    const std::string max = path + ".max";
    if (!sound({initial, max}) || backoff.max >= backoff.initial) return;
    report_.add_error(location_of(builder_.locations.contains(max) ? max : initial),
                      fmt::format("{} ({}) is below {} ({}); allowed: max at least initial", max,
                                  format_duration(backoff.max), initial, format_duration(backoff.initial)));
  }

  void check_addresses() {
    check_list("server.listen", options_.server.listen);
    check_list("admin.listen", options_.admin.listen);
    if (!sound({"server.listen", "admin.listen"})) return;
    for (const ListenAddress& packets : options_.server.listen) {
      for (const ListenAddress& admin : options_.admin.listen) check_ports(packets, admin);
    }
  }

  void check_list(const std::string& key, const std::vector<ListenAddress>& addresses) {
    for (auto other = addresses.begin(); other != addresses.end(); ++other) {
      for (auto one = addresses.begin(); one != other; ++one) {
        if (!conflict(*one, is_v6_only(*one, addresses), *other, is_v6_only(*other, addresses))) continue;
        report_.add_error(location_of(key), fmt::format("{} and {} conflict; allowed: two ports, or addresses apart",
                                                        format_listen_address(*one), format_listen_address(*other)));
      }
    }
  }

  /// Who reaches it may stop the analyzers and read the configuration.
  void check_admin_rights() {
    const AdminOptions& admin = options_.admin;
    if (admin.open || !admin.tokens.empty() || !sound({"admin.listen", "admin.tokens", "admin.open"})) return;
    const auto beyond = std::ranges::find_if_not(admin.listen, is_loopback);
    if (beyond == admin.listen.end()) return;
    report_.add_error(location_of("admin.listen"),
                      fmt::format("{} is beyond loopback, and everybody there could change something; allowed: with "
                                  "admin.tokens, or with admin.open: true where the network keeps others out",
                                  format_listen_address(*beyond)));
  }

  /// Or nobody could send anything.
  void check_identities() {
    const AuthOptions& auth = options_.auth;
    const bool asks_for_certificates = options_.server.tls.client_auth != ClientAuth::none;
    if (auth.anonymous || !auth.clients.empty() || asks_for_certificates || !sound({"auth.clients"})) return;
    report_.add_error(location_of("auth.anonymous"),
                      "is false, but there are no identities; allowed: with auth.clients, or with "
                      "server.tls.client_auth: required or optional");
  }

  /// A PROXY header that nobody may send would refuse every connection that has one.
  void check_proxies() {
    const ServerOptions& server = options_.server;
    if (!server.proxy_protocol || !server.trusted_proxies.empty() || !sound({"server.trusted_proxies"})) return;
    report_.add_error(location_of("server.proxy_protocol"),
                      "is true, but no proxy is trusted; allowed: with networks in server.trusted_proxies");
  }

  /// `path`: the section's.
  void check_tls(const std::string& path, const PortTlsOptions& tls) {
    const std::string certificate = path + ".certificate";
    const std::string key = path + ".key";
    const std::string ca = path + ".client_ca";
    const std::string auth = path + ".client_auth";
    if (!sound({certificate, key, ca, auth})) return;
    check_pair(path + '.', tls.certificate, tls.key, ", for TLS");
    const bool asks = tls.client_auth != ClientAuth::none;
    if (asks && tls.client_ca.empty()) {
      report_.add_error(location_of(auth), "needs client_ca, by which clients' certificates are verified");
    }
    if (asks && !tls.is_on() && tls.key.empty()) {
      report_.add_error(location_of(auth), "is for TLS; allowed: with certificate and key");
    }
    if (!asks && !tls.client_ca.empty()) {
      report_.add_warning(location_of(ca), "has no effect: client_auth is none, no certificate is asked for");
    }
  }

  void check_analyzers_tls() {
    for (std::size_t i = 0; i < options_.analyzers.size(); ++i) {
      const AnalyzerOptions& analyzer = options_.analyzers[i];
      const std::string path = fmt::format("analyzers[{}].", i);
      if (!analyzer.is_tls && !analyzer.url.empty() && analyzer.tls != AnalyzerTlsOptions{}) {
        report_.add_error(location_of(path + "url"), "is not https, but tls says how to speak it; allowed: https://");
      }
      check_pair(path + "tls.", analyzer.tls.certificate, analyzer.tls.key, "");
      if (analyzer.is_tls && !analyzer.tls.verify) {
        report_.add_warning(location_of(path + "tls.verify"),
                            "is false: who is on the way to it can read and change what it gets");
      }
    }
  }

  /// Of a certificate and its key, one alone is a mistake.
  void check_pair(const std::string& path, const std::string& certificate, const std::string& key, const char* use) {
    if (certificate.empty() == key.empty()) return;
    const bool without_key = key.empty();
    report_.add_error(
        location_of(path + (without_key ? "certificate" : "key")),
        fmt::format("is set, but {} is not; allowed: both{}, or none", without_key ? "key" : "certificate", use));
  }

  void check_ports(const ListenAddress& packets, const ListenAddress& admin) {
    const bool packets_v6_only = is_v6_only(packets, options_.server.listen);
    if (!conflict(packets, packets_v6_only, admin, is_v6_only(admin, options_.admin.listen))) return;
    report_.add_error(location_of(builder_.locations.contains("admin.listen") ? "admin.listen" : "server.listen"),
                      fmt::format("server.listen ({}) and admin.listen ({}) conflict; allowed: two ports",
                                  format_listen_address(packets), format_listen_address(admin)));
  }

  /// Packets would go round in a circle, for ever.
  void check_circles() {
    if (!sound({"analyzers", "server.listen"})) return;
    for (std::size_t i = 0; i < options_.analyzers.size(); ++i) {
      const AnalyzerOptions& analyzer = options_.analyzers[i];
      for (const ListenAddress& own : options_.server.listen) {
        if (own.is_unix() || analyzer.port != std::to_string(own.port) || !is_own(analyzer.host, own)) continue;
        report_.add_error(location_of(fmt::format("analyzers[{}].url", i)),
                          own_port_message(analyzer.url, format_listen_address(own)));
        break;
      }
    }
  }

  void check_sizes() {
    const std::size_t body = options_.server.max_body;
    const auto warn = [&](const char* key, std::size_t bound, const char* consequence) {
      if (!sound({"server.max_body", key}) || body <= bound) return;
      report_.add_warning(location_of(builder_.locations.contains("server.max_body") ? "server.max_body" : key),
                          fmt::format("server.max_body ({}) is above {} ({}): {}", format_size(body), key,
                                      format_size(bound), consequence));
    };
    warn("server.max_buffered", options_.server.max_buffered,
         "a body larger than that is accepted only while no other is held");
    warn("queue.max_bytes", options_.queue.max_bytes,
         "a packet larger than that is never queued, its request waits for the delivery");
  }

  /// A packet that no analyzer takes waits for one that does.
  void check_formats() {
    if (!sound({"analyzers", "server.formats"}) || options_.analyzers.empty()) return;
    if (!options_.discovery.sources.empty()) return;
    std::string untaken;
    for (std::size_t i = 0; i < core::protocol_count; ++i) {
      const auto protocol = static_cast<core::Protocol>(i);
      const bool taken = std::ranges::any_of(
          options_.analyzers, [protocol](const AnalyzerOptions& analyzer) { return analyzer.formats.has(protocol); });
      if (!options_.server.formats.has(protocol) || taken) continue;
      untaken += fmt::format("{}{}", untaken.empty() ? "" : ", ", core::to_string(protocol));
    }
    if (untaken.empty()) return;
    report_.add_warning(
        location_of(builder_.locations.contains("server.formats") ? "server.formats" : "analyzers"),
        fmt::format("no analyzer takes {} (analyzers[].formats): packets of these would wait for one", untaken));
  }

 private:
  /// Whether none of `keys` was refused, so that speaking of them makes sense.
  bool sound(std::initializer_list<std::string_view> keys) const {
    for (const auto key : keys) {
      if (builder_.refused.contains(key)) return false;
    }
    return true;
  }

  SourceLocation location_of(const std::string& key) const {
    const auto found = builder_.locations.find(key);
    return found != builder_.locations.end() ? found->second : SourceLocation{source_, 0, key};
  }

  /// Whether a packet for `host`, as an analyzer's url names it, arrives at `own`;
  /// what a look-up of other names would tell is not asked.
  static bool is_own(const std::string& host, const ListenAddress& own) {
    const std::string& listening = own.host;
    const auto v4 = boost::urls::parse_ipv4_address(host);
    const bool v6_loopback = host == "::1" || host == "::";
    const bool loopback = host == "localhost" || v6_loopback || (v4 && (v4->is_loopback() || v4->is_unspecified()));
    if (listening == "::") return loopback;
    if (listening == "0.0.0.0") return loopback && !v6_loopback;
    return host == listening || (host == "localhost" && (listening == "127.0.0.1" || listening == "::1"));
  }

  const OptionsBuilder& builder_;
  const Options& options_;
  const std::string& source_;
  Report& report_;
};

}  // namespace

std::string own_port_message(const std::string& url, const std::string& listening) {
  return fmt::format("{} is a loop: this daemon itself receives packets there ({}); allowed: an analyzer", quote(url),
                     listening);
}

void validate(OptionsBuilder& builder, const std::string& source, Report& report) {
  Validator validator(builder, source, report);
  validator.check_analyzers();
  validator.check_sources(builder.options.discovery.sources);
  validator.check_backoff("delivery.retry", builder.options.delivery.retry);
  validator.check_backoff("health.backoff", builder.options.health.backoff);
  validator.check_addresses();
  validator.check_admin_rights();
  validator.check_identities();
  validator.check_proxies();
  validator.check_analyzers_tls();
  validator.check_tls("server.tls", builder.options.server.tls);
  validator.check_tls("admin.tls", builder.options.admin.tls);
  validator.check_circles();
  validator.check_sizes();
  validator.check_formats();
}

}  // namespace logdist::config
