#include "config/key_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "config/key_spec.hpp"

namespace logdist::config {
namespace {

constexpr std::uint64_t messages_max = 1'000'000'000;
constexpr std::uint64_t queue_packets_max = (1 << 24) - 1;         // both counts share one word:
constexpr std::uint64_t bytes_max = (std::uint64_t{1} << 40) - 1;  // 24 bits and 40 bits
/// The keys, those of the analyzers, of TLS, auth and limits apart, that a reload takes at once. Whoever
/// adds one here makes server::Reload apply it.
constexpr std::array<std::string_view, 5> live_keys{"admin.tokens", "admin.open", "delivery.max_in_flight",
                                                    "shutdown.grace", "log.level"};

constexpr std::uint64_t disk_bytes_max = std::uint64_t{1} << 50;

constexpr Span wait{1ms, 24h};
constexpr Span wait_or_none{0ms, 24h};

template <typename Field, typename Type>
KeySpec<Options> option(std::string_view path, Field field, Type type, std::string_view meaning) {
  return key_spec<Options>(path, field, std::move(type), meaning);
}

/// Of one port, `tls` being its section.
template <typename Section>
std::vector<KeySpec<Options>> tls_keys(const std::string& path, Section tls) {
  const Text file{check_file_name, "a file name, or \"\" for none", ""};
  const Choice<ClientAuth> auth{
      {{"none", ClientAuth::none}, {"optional", ClientAuth::optional}, {"required", ClientAuth::required}}};
  const Choice<TlsVersion> version{{{"1.2", TlsVersion::tls_1_2}, {"1.3", TlsVersion::tls_1_3}}};
  const auto key = [&](const char* name, auto member, auto type, std::string_view meaning) {
    return option(
        path + '.' + name, [ tls, member ](auto& options) -> auto& { return tls(options).*member; }, type, meaning);
  };
  return {
      key("certificate", &PortTlsOptions::certificate, file,
          "PEM file of its certificate and the chain behind it; with it the port speaks TLS and nothing else."),
      key("key", &PortTlsOptions::key, file, "PEM file of the certificate's private key, without a passphrase."),
      key("client_ca", &PortTlsOptions::client_ca, file, "PEM file of the CAs that sign clients' certificates."),
      key("client_auth", &PortTlsOptions::client_auth, auth,
          "Whether clients are asked for a certificate, and may have none."),
      key("min_version", &PortTlsOptions::min_version, version, "Least version of TLS."),
      key("max_handshakes", &PortTlsOptions::max_handshakes, Whole{1, count_max},
          "Handshakes at once; for one more, one that has stalled is given up, or the new one is."),
  };
}

std::vector<KeySpec<Options>> receiving_keys() {
  return {
      option(LOGDIST_KEY(server.listen), Addresses{},
             "Packet port: an address or a list; port 0 is any free one, which the start line names."),
      option(
          LOGDIST_KEY(server.proxy_protocol), Choice<bool>{{{"false", false}, {"true", true}}},
          "Whether trusted proxies begin each connection with a PROXY header, version 1 or 2, that names the client."),
      option(LOGDIST_KEY(server.trusted_proxies), Networks{},
             "Proxies whose PROXY header and X-Forwarded-For are trusted; \"\" is none."),
      option(LOGDIST_KEY(server.formats), Protocols{},
             "What agents may speak on the packet port; the paths of the others are answered 404."),
      option(LOGDIST_KEY(server.acks), Choice<bool>{{{"false", false}, {"true", true}}},
             "Whether agents of HEC that name a channel get an ackId, and may ask whether its packet is delivered."),
      option(LOGDIST_KEY(server.max_connections), Whole{1, count_max},
             "Agent connections; for one more, one that is idle or stalled is closed; if there is none, the answer is "
             "503."),
      option(LOGDIST_KEY(server.max_body), Size{1, 1024 * MiB},
             "Largest body of a packet; a larger one is answered 413."),
      option(LOGDIST_KEY(server.max_decoded), Size{1, 1024 * MiB},
             "Largest content of a compressed body; a larger one is answered 413."),
      option(LOGDIST_KEY(server.max_buffered), Size{1, bytes_max},
             "All bodies being received or waiting, together; a body reserves as it arrives and waits its turn, oldest "
             "first; an eighth is kept for bodies of at most 64 KiB."),
      option(LOGDIST_KEY(server.header_timeout), wait, "Time for a request's header to arrive; then 408 and close."),
      option(LOGDIST_KEY(server.body_timeout), wait, "Time for a request's body to arrive; then 408 and close."),
      option(LOGDIST_KEY(server.idle_timeout), wait, "How long a kept connection may be silent between requests."),
      option(LOGDIST_KEY(server.min_body_rate), Rate{1, 1024 * MiB},
             "Least rate, over 5 s, of a body that holds more than 64 KiB of max_buffered; then 408 and close."),
  };
}

std::vector<KeySpec<Options>> admin_keys() {
  return {
      option(LOGDIST_KEY(admin.listen), Addresses{}, "Health, metrics, status and dashboard: an address or a list."),
      option(
          LOGDIST_KEY(admin.hosts),
          Text{check_host_names, "names of hosts with commas between them, or \"\" for none",
               R"(^([A-Za-z0-9._-]+( *, *[A-Za-z0-9._-]+)*)?$)"},
          "Names in Host that the admin port accepts, besides addresses, localhost and those it listens on; others are "
          "answered 421."),
      option(LOGDIST_KEY(admin.tokens), Text{check_file_name, "a file name, or \"\" for none", ""},
             "YAML file of who may read the admin port or change something there; \"\" lets in all who reach it."),
      option(LOGDIST_KEY(admin.open), Choice<bool>{{{"false", false}, {"true", true}}},
             "Whether the admin port may listen beyond loopback without admin.tokens."),
  };
}

std::vector<KeySpec<Options>> agent_keys() {
  return {
      option(LOGDIST_KEY(auth.clients), Text{check_file_name, "a file name, or \"\" for none", ""},
             "YAML file of agents that are known by a token or a certificate, with their rights and limits; \"\" is "
             "none."),
      option(LOGDIST_KEY(auth.anonymous), Choice<bool>{{{"false", false}, {"true", true}}},
             "Whether packets of agents that are not known are accepted; false needs auth.clients or clients' "
             "certificates."),
      option(LOGDIST_KEY(limits.packets), Rate{0, rate_per_second_max, RateUnit::things},
             "Packets that a client may send which has no limit of its own; agents that are not known are one client "
             "per address."),
      option(LOGDIST_KEY(limits.messages), Rate{0, rate_per_second_max, RateUnit::things}, "The same of messages."),
      option(LOGDIST_KEY(limits.bytes), Rate{0, bytes_max}, "The same of bytes, of bodies."),
      option(LOGDIST_KEY(limits.burst), wait, "For how long of its rate a client may send at once."),
      option(LOGDIST_KEY(limits.queue_share), Real{0.000001, 1},
             "The largest part of queue.max_packets that one client may hold; above it the answer is 429."),
  };
}

std::vector<KeySpec<Options>> working_keys() {
  return {
      option(LOGDIST_KEY(threads), Whole{0, 1024}, "Event loops in the pool; 0 is one per core."),
      option(LOGDIST_KEY(queue.max_packets), Whole{1, queue_packets_max},
             "Packets the work queue holds; a packet keeps its place until it is settled."),
      option(LOGDIST_KEY(queue.max_bytes), Size{1, bytes_max}, "Bytes the work queue holds; either bound fills it."),
  };
}

std::vector<KeySpec<Options>> storage_keys() {
  const Choice<StorageMode> storage{{{"memory", StorageMode::memory}, {"disk", StorageMode::disk}}};
  const Choice<QueueCompression> compression{{{"none", QueueCompression::none}, {"zstd", QueueCompression::zstd}}};
  return {
      option(LOGDIST_KEY(queue.storage), storage,
             "Where accepted packets are kept: `disk` outlives a killed process and a lost power supply."),
      option(LOGDIST_KEY(queue.directory), Text{check_directory, "the path of a directory", "^.+$"},
             "Of storage `disk`: where its files are, of which one daemon at a time is the owner."),
      option(
          LOGDIST_KEY(queue.sync), Sync{},
          "Of storage `disk`: the 202 leaves after a sync (`always`), after one sync in such a time at most (`10ms`), "
          "or after the write (`off`: survives a kill, not a power cut)."),
      option(LOGDIST_KEY(queue.max_disk), Size{512 * KiB, disk_bytes_max},
             "Of storage `disk`: bound on the directory; a full one makes requests wait, as a full queue does."),
      option(LOGDIST_KEY(queue.segment_size), Size{64 * KiB, 4 * GiB},
             "Of storage `disk`: size of its files, at most an eighth of max_disk."),
      option(LOGDIST_KEY(queue.retain_for), Span{0ms, 24h * 365},
             "Of storage `disk`: how long settled packets are kept; 0 is not at all, or as retain_bytes says."),
      option(LOGDIST_KEY(queue.retain_bytes), Size{0, disk_bytes_max},
             "Of storage `disk`: how much of settled packets is kept; 0 is nothing, or as retain_for says."),
      option(LOGDIST_KEY(queue.compression), compression,
             "Of storage `disk`: how packets that are written together are compressed."),
  };
}

std::vector<KeySpec<Options>> delivery_keys() {
  const Choice<AckMode> ack{{{"queued", AckMode::queued}, {"delivered", AckMode::delivered}}};
  return {
      option(LOGDIST_KEY(delivery.ack), ack,
             "When an agent gets its 2xx: `queued` is 202 once queued, `delivered` is 200 after an analyzer's 2xx."),
      option(LOGDIST_KEY(delivery.timeout), wait, "One attempt, connect included."),
      option(LOGDIST_KEY(delivery.caller_runs_timeout), wait,
             "How long a request may wait for its delivery; then it is answered 503 with Retry-After."),
      option(LOGDIST_KEY(delivery.retry.initial), wait, "First wait between rounds over the analyzers."),
      option(LOGDIST_KEY(delivery.retry.max), wait, "Longest wait between rounds."),
      option(LOGDIST_KEY(delivery.retry.multiplier), Real{1, 100}, "Growth of the wait from round to round."),
      option(LOGDIST_KEY(delivery.retry.jitter), Real{0, 1}, "Spread of the wait, as a fraction of it either way."),
      option(
          LOGDIST_KEY(delivery.circuit.max_retries), Real{0, 1},
          "Retries in flight at most, as a part of the first attempts in flight, but 10 in any case; 1 is no limit."),
      option(
          LOGDIST_KEY(delivery.max_rounds), Whole{1, count_max},
          "Rounds in which a packet failed wherever it was sent while those analyzers took other packets; then it is "
          "dead-lettered."),
      option(LOGDIST_KEY(delivery.max_age), wait_or_none,
             "A packet older than this that an analyzer has answered is dead-lettered; 0 is never."),
      option(LOGDIST_KEY(delivery.max_in_flight), Whole{1, count_max}, "Packets in flight to one analyzer."),
      option(LOGDIST_KEY(delivery.max_connections), Whole{1, 10'000},
             "Connections to one analyzer; never fewer than one per event loop."),
      option(LOGDIST_KEY(delivery.max_connection_age), wait,
             "Age, within 10 %, at which a connection closes as soon as it is idle, so that moved names are followed."),
      option(LOGDIST_KEY(delivery.pipeline), Whole{1, 1024},
             "Most requests in flight on one connection; 1 is no pipelining."),
      option(LOGDIST_KEY(delivery.dead_letter), Text{check_file_name, "a file name, or \"\" for none", ""},
             "File for packets that no analyzer takes, as JSON lines; \"\" logs each instead."),
      option(LOGDIST_KEY(balance.catch_up_threshold), Whole{1, messages_max},
             "Messages of deficit from which an analyzer has priority."),
      option(LOGDIST_KEY(balance.max_debt), Whole{0, messages_max},
             "Messages an analyzer can be owed for time it was out of service or full."),
      option(LOGDIST_KEY(balance.catch_up_share), Real{0.01, 1},
             "After an outage, the most of all messages that catch-up may add to a returner's own share."),
      option(LOGDIST_KEY(balance.state_file),
             Text{check_file_name,
                  "a file name, `auto` for balance.state in the parent of queue.directory, or \"\" for none", ""},
             "File that keeps what analyzers are owed, and the operator's weights and drains, for the next start."),
      option(LOGDIST_KEY(discovery.cache),
             Text{check_file_name,
                  "a file name, `auto` for discovery.cache in the parent of queue.directory, or \"\" for none", ""},
             "File that keeps what the sources have given, for a start without them."),
  };
}

std::vector<KeySpec<Options>> running_keys() {
  const Choice<LogLevel> level{{{"trace", LogLevel::trace},
                                {"debug", LogLevel::debug},
                                {"info", LogLevel::info},
                                {"warn", LogLevel::warn},
                                {"error", LogLevel::error}}};
  const Choice<LogFormat> format{{{"text", LogFormat::text}, {"json", LogFormat::json}}};
  return {
      option(LOGDIST_KEY(health.path),
             Text{check_request_path, "a path that starts with /, or \"\" for no probe", R"(^(/[^#\s]*)?$)"},
             "What the active probe GETs at each analyzer; \"\" turns it off."),
      option(LOGDIST_KEY(health.interval), wait, "From one probe to the next."),
      option(LOGDIST_KEY(health.timeout), wait, "How long one probe may take."),
      option(LOGDIST_KEY(health.failure_threshold), Whole{1, count_max},
             "Consecutive failures that take an analyzer out of service."),
      option(LOGDIST_KEY(health.backoff.initial), wait, "First wait from Failed to Testing."),
      option(LOGDIST_KEY(health.backoff.max), wait, "Longest wait from Failed to Testing."),
      option(LOGDIST_KEY(health.backoff.multiplier), Real{1, 100}, "Growth of that wait from failure to failure."),
      option(LOGDIST_KEY(health.backoff.jitter), Real{0, 1}, "Spread of that wait, as a fraction of it either way."),
      option(LOGDIST_KEY(health.slow_start), wait_or_none, "Ramp of max_in_flight after a recovery; 0 is none."),
      option(
          LOGDIST_KEY(health.outlier.enabled), Choice<bool>{{{"false", false}, {"true", true}}},
          "Whether an analyzer that does worse than the others is ejected: out of service, and tested after a while."),
      option(LOGDIST_KEY(health.outlier.success_rate_below), Real{0, 1},
             "An outlier takes a smaller part of its packets than the others, by more than this."),
      option(LOGDIST_KEY(health.outlier.latency_factor), Real{1, 1000},
             "Or it takes so many times as long as the others."),
      option(LOGDIST_KEY(health.outlier.min_packets), Whole{1, count_max},
             "Packets in an interval, of an analyzer that is compared."),
      option(LOGDIST_KEY(health.outlier.min_failures), Whole{1, count_max},
             "Failures in an interval, of an outlier by success rate."),
      option(LOGDIST_KEY(health.outlier.interval), wait,
             "How often analyzers are compared; the n-th ejection in a row lasts n of these, 5m at most."),
      option(LOGDIST_KEY(health.outlier.max_ejected), Real{0, 1},
             "Part of the weight that may be out of service, for whatever reason, once an analyzer is ejected."),
      option(LOGDIST_KEY(shutdown.grace), wait_or_none, "Time to drain after TERM or INT; 0 is none."),
      option(LOGDIST_KEY(log.level), level, "The least severe messages that are logged."),
      option(LOGDIST_KEY(log.format), format, "One text line or one JSON object per event."),
  };
}

std::vector<KeySpec<Options>> make_option_keys() {
  const auto server_tls = [](auto& options) -> auto& { return options.server.tls; };
  const auto admin_tls = [](auto& options) -> auto& { return options.admin.tls; };
  std::vector<KeySpec<Options>> specs;
  for (auto& group :
       {receiving_keys(), tls_keys("server.tls", server_tls), admin_keys(), tls_keys("admin.tls", admin_tls),
        agent_keys(), working_keys(), storage_keys(), delivery_keys(), running_keys(), register_keys()}) {
    specs.insert(specs.end(), group.begin(), group.end());
  }
  for (auto& spec : specs) {
    const bool is_of_live_section =
        spec.path.find(".tls.") != spec.path.npos || spec.path.starts_with("auth.") || spec.path.starts_with("limits.");
    spec.live = is_of_live_section || std::find(live_keys.begin(), live_keys.end(), spec.path) != live_keys.end();
  }
  return specs;
}

/// "a.b.c" → "a.b"; "a" → "".
std::string_view parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == path.npos ? std::string_view{} : path.substr(0, dot);
}

std::vector<std::string> make_known_paths() {
  std::vector<std::string> paths{"analyzers"};
  const auto add_level = [&paths](std::string level) {
    if (std::ranges::count(paths, level) == 0) paths.push_back(std::move(level));
  };
  for (const auto& spec : option_keys()) {
    for (auto level = parent_of(spec.path); !level.empty(); level = parent_of(level)) {
      add_level(std::string(level));
    }
    paths.push_back(spec.path);
  }
  for (const auto& spec : analyzer_keys()) {
    if (const auto level = parent_of(spec.path); !level.empty()) add_level("analyzers[]." + std::string(level));
    paths.push_back("analyzers[]." + spec.path);
  }
  for (const auto& [type, name] : source_types) {
    const std::string section = fmt::format("discovery[].{}", name);
    add_level("discovery[]");
    add_level(section);
    for (const auto& spec : source_keys(type)) {
      if (const auto level = parent_of(spec.path); !level.empty()) add_level(section + '.' + std::string(level));
      paths.push_back(section + '.' + spec.path);
    }
  }
  paths.push_back("discovery[].cache");
  return paths;
}

}  // namespace

const std::vector<KeySpec<Options>>& option_keys() {
  static const std::vector<KeySpec<Options>> specs = make_option_keys();
  return specs;
}

bool is_section(std::string_view path) {
  const std::string below = std::string(path) + '.';
  const auto is_below = [&below](const auto& spec) { return spec.path.starts_with(below); };
  return std::ranges::any_of(option_keys(), is_below);
}

const std::vector<std::string>& known_paths() {
  static const std::vector<std::string> paths = make_known_paths();
  return paths;
}

std::string variable_of(std::string_view path) {
  std::string name = "LOGDIST_";
  for (const char character : path) {
    if (character == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
    }
  }
  return name;
}

}  // namespace logdist::config
