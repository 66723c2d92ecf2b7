// Everything that can be configured, with its default. The names are the keys
// of the configuration file: `options.delivery.max_rounds` is
// `delivery.max_rounds` in YAML and LOGDIST_DELIVERY__MAX_ROUNDS in the
// environment. Plain values; safe to copy and to share once built.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "logdist/base/ip_address.hpp"
#include "logdist/base/time.hpp"
#include "logdist/config/text/values.hpp"
#include "logdist/core/protocol.hpp"

namespace logdist::config {

/// Exponential back-off: `initial`, then times `multiplier` up to `max`, each
/// wait spread by ± `jitter` (a fraction of it).
struct BackoffOptions {
  Duration initial;
  Duration max;
  double multiplier = 2.0;
  double jitter = 0.2;
};

enum class ClientAuth { none, optional, required };
enum class TlsVersion { tls_1_2, tls_1_3 };

/// Of a port. Files are PEM; without certificate and key it speaks plain HTTP.
struct PortTlsOptions {
  std::string certificate;  ///< its chain, the port's own first
  std::string key;
  std::string client_ca;
  ClientAuth client_auth = ClientAuth::none;
  TlsVersion min_version = TlsVersion::tls_1_2;
  std::size_t max_handshakes = 256;  ///< at once

  bool is_on() const { return !certificate.empty(); }
};

struct ServerOptions {
  std::vector<ListenAddress> listen{{"0.0.0.0", 8080}};
  bool proxy_protocol = false;
  std::vector<Network> trusted_proxies;
  core::ProtocolSet formats = core::ProtocolSet::all();  ///< what agents may speak
  bool acks = false;                                     ///< acknowledgements of HEC
  std::size_t max_connections = 10'000;
  std::size_t max_body = 10 * MiB;
  std::size_t max_decoded = 64 * MiB;  ///< of a compressed body, its content
  std::size_t max_buffered = 128 * MiB;
  Duration header_timeout = 10s;
  Duration body_timeout = 30s;
  Duration idle_timeout = 75s;
  std::size_t min_body_rate = 1 * KiB;  ///< bytes a second
  PortTlsOptions tls;
};

struct AdminOptions {
  std::vector<ListenAddress> listen{{"127.0.0.1", 8081}};
  std::string hosts;   ///< names with commas between them: by these, too, it may be asked
  std::string tokens;  ///< the file that names who may use it; empty: everybody who reaches it
  bool open = false;   ///< it may listen beyond loopback without tokens
  PortTlsOptions tls;
};

/// Who may send packets.
struct AuthOptions {
  std::string clients;    ///< the file that names them; empty: nobody is known
  bool anonymous = true;  ///< packets of those that are not known are accepted
};

/// What one client may send, and hold of the queue. A rate of 0 is unlimited.
struct LimitOptions {
  std::uint64_t packets = 0;   ///< a second
  std::uint64_t messages = 0;  ///< a second
  std::uint64_t bytes = 0;     ///< a second, of bodies
  Duration burst = 2s;         ///< so much of its rates at once
  double queue_share = 1.0;    ///< of the queue's places

  bool operator==(const LimitOptions&) const = default;
};

enum class StorageMode { memory, disk };
enum class QueueCompression { none, zstd };

struct QueueOptions {
  std::size_t max_packets = 10'000;
  std::size_t max_bytes = 256 * MiB;
  StorageMode storage = StorageMode::memory;
  std::string directory = "/var/lib/log-distributor/queue";
  SyncPolicy sync;
  std::size_t max_disk = 10 * GiB;
  std::size_t segment_size = 64 * MiB;
  Duration retain_for{};         ///< settled packets, for replay; 0 with retain_bytes 0: not at all
  std::size_t retain_bytes = 0;  ///< likewise; 0: not by bytes
  QueueCompression compression = QueueCompression::none;
};

enum class AckMode { queued, delivered };

/// Breakers for the daemon as a whole.
struct CircuitOptions {
  double max_retries = 0.2;  ///< in flight, as a part of the first attempts in flight; 1: any number
};

struct DeliveryOptions {
  AckMode ack = AckMode::queued;
  Duration timeout = 5s;
  Duration caller_runs_timeout = 30s;
  BackoffOptions retry{100ms, 10s, 2.0, 0.2};
  CircuitOptions circuit;
  std::uint32_t max_rounds = 10;
  Duration max_age{};  ///< 0: never
  std::uint32_t max_in_flight = 256;
  std::uint32_t max_connections = 32;
  Duration max_connection_age = 5min;
  std::uint32_t pipeline = 16;
  std::string dead_letter;
};

struct BalanceOptions {
  std::uint64_t catch_up_threshold = 1'000;
  std::uint64_t max_debt = 10'000;
  double catch_up_share = 0.5;
  static constexpr const char* beside_the_queue = "auto";  ///< `balance.state` in the parent of queue.directory
  std::string state_file = beside_the_queue;               ///< empty: none
};

/// Which analyzers are ejected for doing worse than the others.
struct OutlierOptions {
  bool enabled = false;
  double success_rate_below = 0.05;
  double latency_factor = 5;
  std::uint32_t min_packets = 100;
  std::uint32_t min_failures = 5;
  Duration interval = 10s;
  double max_ejected = 0.5;
};

struct HealthOptions {
  std::string path = "/health";
  Duration interval = 5s;
  Duration timeout = 2s;
  std::uint32_t failure_threshold = 3;
  BackoffOptions backoff{500ms, 30s, 2.0, 0.2};
  Duration slow_start = 10s;
  OutlierOptions outlier;
};

struct ShutdownOptions {
  Duration grace = 30s;
};

enum class LogLevel { trace, debug, info, warn, error };
enum class LogFormat { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

/// Where an analyzer gets its packets.
enum class ForwardMode {
  packet_url,  ///< all at its url
  native,      ///< at the path and query that the agent has used
};

/// Of an https:// analyzer. Files are PEM.
struct AnalyzerTlsOptions {
  std::string ca;           ///< which its certificate leads to; empty: those of the system
  std::string certificate;  ///< ours, for one that asks for it
  std::string key;
  std::string server_name;  ///< for which its certificate is; empty: the url's host
  bool verify = true;

  bool operator==(const AnalyzerTlsOptions&) const = default;
};

struct AnalyzerOptions {
  std::string name;
  std::string url;      ///< as configured: http://host[:port][/path][?query], or https
  std::string host;     ///< of the url; an IPv6 address without its brackets
  std::string port;     ///< of the url, "80" or "443" when it names none
  std::string target;   ///< of the url: path and query, at least "/"
  bool is_tls = false;  ///< of the url: it is https
  Weight weight;
  std::optional<std::uint32_t> max_in_flight;  ///< overrides delivery.max_in_flight
  std::vector<std::pair<std::string, std::string>> headers;
  ForwardMode forward = ForwardMode::packet_url;
  core::ProtocolSet formats = core::ProtocolSet::all();  ///< that it takes
  bool decompress = false;                               ///< compressed bodies are decompressed for it
  AnalyzerTlsOptions tls;
  std::string zone;    ///< where it is; empty: not known
  std::string source;  ///< of `discovery` that has given it; empty: it is configured
};

enum class SourceType { dns, consul, etcd, file, http };
enum class DnsRecord { a, srv };

/// One source of analyzers. Keys that its type does not have stay as they are here.
struct SourceOptions {
  SourceType type = SourceType::file;
  std::string source;               ///< its name; unique
  std::string url;                  ///< of consul and http
  std::string endpoints;            ///< of etcd: URLs, with commas between them
  std::string name;                 ///< of dns
  DnsRecord record = DnsRecord::a;  ///< of dns: A and AAAA, or SRV
  std::uint32_t port = 0;           ///< of dns, for A and AAAA
  std::string service;              ///< of consul, as the three below
  std::string tag;
  std::string datacenter;
  std::string token;                                   ///< file:PATH
  std::string prefix = "/log-distributor/analyzers/";  ///< of etcd, as the two below
  std::string user;
  std::string password;           ///< file:PATH
  std::string files;              ///< of file: a path, maybe with * and ?
  std::string path = "/analyze";  ///< of analyzers that have no URL of their own, as the one below
  std::string scheme = "http";
  Duration interval{};            ///< from one look to the next; 0: as its type has it
  bool allow_empty = false;       ///< an answer without analyzers is obeyed at once
  AnalyzerTlsOptions source_tls;  ///< of https URLs of the source itself
  AnalyzerOptions defaults;       ///< of its analyzers, which may say otherwise
};

struct DiscoveryOptions {
  std::vector<SourceOptions> sources;
  std::string cache = BalanceOptions::beside_the_queue;  ///< empty: none
};

/// Where the daemon makes itself known: in Consul where there is a URL, in etcd where there are endpoints.
struct RegisterOptions {
  struct Consul {
    std::string url;
    std::string service = "log-distributor";
    std::string token;  ///< file:PATH
  } consul;
  struct Etcd {
    std::string endpoints;  ///< URLs, with commas between them
    std::string prefix = "/log-distributor/distributors/";
    std::string user;
    std::string password;  ///< file:PATH
  } etcd;
  std::string host;    ///< by which others reach it; empty: the host's name where it listens on every address
  Duration ttl = 15s;  ///< without a sign of life it is forgotten after so long
};

struct Options {
  ServerOptions server;
  AdminOptions admin;
  AuthOptions auth;
  LimitOptions limits;
  std::size_t threads = 0;  ///< event loops; 0 = one a core
  QueueOptions queue;
  DeliveryOptions delivery;
  BalanceOptions balance;
  HealthOptions health;
  ShutdownOptions shutdown;
  LogOptions log;
  std::vector<AnalyzerOptions> analyzers;
  DiscoveryOptions discovery;
  RegisterOptions registration;  ///< `register`
};

}  // namespace logdist::config
