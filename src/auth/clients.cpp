#include "logdist/auth/clients.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "auth/entry_file.hpp"
#include "logdist/base/ascii.hpp"
#include "logdist/config/text.hpp"

namespace logdist::auth {
namespace {

using config::Node;
using Kind = CertificatePattern::Kind;

constexpr std::size_t certificates_max = 64;
constexpr std::size_t addresses_max = 64;
constexpr std::size_t pattern_size_max = 2048;
constexpr std::string_view reserved_name = "anonymous";

constexpr std::array<std::string_view, 6> client_keys{"name",      "token_sha256", "certificates",
                                                      "addresses", "formats",      "limits"};
constexpr std::array<std::string_view, 1> required_client_keys{"name"};
constexpr EntryReader::Shape client_shape{"clients", "name, token_sha256, certificates, addresses, formats and limits",
                                          client_keys, required_client_keys, Clients::max};

constexpr std::array<std::string_view, 5> limit_keys{"packets", "messages", "bytes", "burst", "queue_share"};
constexpr const char* limits_allowed = "packets, messages, bytes, burst and queue_share";
constexpr Duration burst_min = std::chrono::milliseconds(1);
constexpr Duration burst_max = std::chrono::hours(24);

constexpr const char* certificates_allowed = "CN=NAME, DNS:NAME, DNS:*.NAME or URI:NAME, up to 64 of them";
constexpr const char* addresses_allowed = "networks such as 10.0.0.0/8, addresses and unix:, up to 64 of them";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char letter) { return to_lower(letter); });
  return result;
}

/// `*` stands for one label, and only for the first (RFC 6125, 6.4.3).
bool dns_fits(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return equals_in_lower_case(name, pattern);
  const std::size_t dot = name.find('.');
  return dot != name.npos && dot > 0 && equals_in_lower_case(name.substr(dot), pattern.substr(1));
}

bool is_dns_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !text.empty() && text.front() != '.' && text.find("..") == text.npos &&
         text.find_first_not_of(letters) == text.npos;
}

std::optional<CertificatePattern> parse_pattern(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Kind>, 3> kinds{
      {{"CN=", Kind::common_name}, {"DNS:", Kind::dns}, {"URI:", Kind::uri}}};
  for (const auto& [prefix, kind] : kinds) {
    if (!text.starts_with(prefix) || text.size() == prefix.size() || text.size() > pattern_size_max) continue;
    CertificatePattern pattern{kind, std::string(text.substr(prefix.size()))};
    if (kind != Kind::dns) return pattern;
    pattern.text = lower(pattern.text);
    if (is_dns_pattern(pattern.text)) return pattern;
  }
  return std::nullopt;
}

/// A name of server.formats; and, as agents call them, `hec` and `bulk`.
bool add_format(core::ProtocolSet& formats, std::string_view name) {
  if (name == "hec") {
    formats.add(core::Protocol::hec_event);
    formats.add(core::Protocol::hec_raw);
    return true;
  }
  const auto protocol = name == "bulk" ? core::Protocol::elasticsearch : core::find_protocol(name);
  if (protocol) formats.add(*protocol);
  return protocol.has_value();
}

std::optional<double> share_of(std::string_view text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && share > 0 && share <= 1 ? std::optional(share) : std::nullopt;
}

/// Reads the values of the entries.
class ClientReader {
 public:
  ClientReader(const std::string& source, config::Report& report) : reader_(source, report, client_shape) {}

  std::vector<Client> read(const Node& root) {
    reader_.read(
        root,
        [this](std::size_t line, const std::string&) {
          entries_.emplace_back();
          lines_.push_back(line);
        },
        [this](const Node& key, const Node& value, const std::string& path) {
          read_value(key, value, path, entries_.back());
        });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (mentioned_.contains(i)) continue;
      reader_.add(
          lines_[i], entries_[i].name,
          "has neither token_sha256 nor certificates, by which it would be known; allowed: one of them, or both");
    }
    return std::move(entries_);
  }

 private:
  void read_value(const Node& key, const Node& value, const std::string& path, Client& client) {
    if (key.text == "name") return read_name(key, value, path, client);
    if (key.text == "token_sha256") {
      mentioned_.insert(entries_.size() - 1);
      client.digests = reader_.read_digests(key, value, path);
    }
    if (key.text == "certificates") read_certificates(key, value, path, client);
    if (key.text == "addresses") read_addresses(key, value, path, client);
    if (key.text == "formats") read_formats(key, value, path, client);
    if (key.text == "limits") read_limits(key, value, path, client.limits);
  }

  void read_name(const Node& key, const Node& value, const std::string& path, Client& client) {
    client.name = reader_.read_name(key, value, path);
    if (client.name == reserved_name) {
      reader_.add(key.line, path, "is the name of those that are not known; allowed: another one");
    }
  }

  void read_certificates(const Node& key, const Node& value, const std::string& path, Client& client) {
    mentioned_.insert(entries_.size() - 1);
    for (const Node& node : reader_.read_list(key, value, path, certificates_max, certificates_allowed)) {
      const auto pattern = parse_pattern(node.text);
      if (!pattern) {
        reader_.add(node.line, path, fmt::format("is no name of a certificate; allowed: {}", certificates_allowed));
        continue;
      }
      const auto [first, is_new] = line_of_pattern_.emplace(*pattern, node.line);
      if (!is_new) {
        reader_.add(node.line, path, fmt::format("is also on line {}; allowed: a name for each", first->second));
      }
      client.certificates.push_back(*pattern);
    }
  }

  void read_addresses(const Node& key, const Node& value, const std::string& path, Client& client) {
    for (const Node& node : reader_.read_list(key, value, path, addresses_max, addresses_allowed)) {
      if (const auto network = Network::parse(node.text)) {
        client.addresses.push_back(*network);
      } else {
        reader_.add(node.line, path, fmt::format("is no network; allowed: {}", addresses_allowed));
      }
    }
  }

  void read_formats(const Node& key, const Node& value, const std::string& path, Client& client) {
    const std::string allowed = "hec, bulk, and the names of server.formats";
    core::ProtocolSet formats;
    for (const Node& node : reader_.read_list(key, value, path, 2 * core::protocol_count, allowed)) {
      if (!add_format(formats, node.text)) {
        reader_.add(node.line, path, fmt::format("is no format; allowed: {}", allowed));
      }
    }
    client.formats = formats;
  }

  void read_limits(const Node& key, const Node& value, const std::string& path, OwnLimits& limits) {
    if (value.type != Node::Type::mapping) {
      return reader_.add(key.line, path, fmt::format("is no mapping; allowed: {}", limits_allowed));
    }
    reader_.read_keys(
        value, path, limit_keys, limits_allowed,
        [&](const Node& name, const Node& text, const std::string& at) { read_limit(name, text, at, limits); });
  }

  void read_limit(const Node& key, const Node& value, const std::string& path, OwnLimits& limits) {
    const std::string_view text = value.type == Node::Type::scalar ? std::string_view(value.text) : "";
    if (key.text == "burst") {
      const auto burst = config::parse_duration(text);
      if (burst && *burst >= burst_min && *burst <= burst_max) {
        limits.burst = *burst;
      } else {
        reader_.add(key.line, path, "is no burst; allowed: a duration from 1ms to 24h");
      }
      return;
    }
    if (key.text == "queue_share") {
      limits.queue_share = share_of(text);
      if (!limits.queue_share) reader_.add(key.line, path, "is no share; allowed: a number above 0, at most 1");
      return;
    }
    const bool is_bytes = key.text == "bytes";
    const auto rate = config::parse_rate(text, is_bytes ? config::RateUnit::bytes : config::RateUnit::things);
    const bool is_none = rate && *rate == 0 && text.find('0') != text.npos;
    if (!rate || is_none || *rate > (is_bytes ? config::rate_bytes_max : config::rate_per_second_max)) {
      return reader_.add(key.line, path,
                         fmt::format("is no rate; allowed: such as {}, or unlimited", is_bytes ? "20MiB/s" : "500/s"));
    }
    (is_bytes ? limits.bytes : key.text == "packets" ? limits.packets : limits.messages) = *rate;
  }

  EntryReader reader_;
  std::vector<Client> entries_;
  std::vector<std::size_t> lines_;   ///< of the entries
  std::set<std::size_t> mentioned_;  ///< entries that say by what they are known
  std::map<CertificatePattern, std::size_t> line_of_pattern_;
};

ClientsFile take_clients(config::Report& report, std::vector<Client> entries) {
  ClientsFile file;
  report.move_to(file);
  if (file.errors.empty()) file.clients = Clients(std::move(entries));
  return file;
}

ClientsFile parse_file(std::string_view text, const std::string& source, config::Report& report) {
  const auto root = parse_entries(text, source, report);
  return take_clients(report, root ? ClientReader(source, report).read(*root) : std::vector<Client>());
}

}  // namespace

bool CertificatePattern::fits(const core::CertificateNames& names) const {
  switch (kind) {
    case Kind::common_name: return names.common_name == text;
    case Kind::dns:
      return std::ranges::any_of(names.dns_names, [this](const std::string& name) { return dns_fits(text, name); });
    case Kind::uri: return std::ranges::find(names.uris, text) != names.uris.end();
  }
  return false;
}

Clients::Clients(std::vector<Client> entries) : entries_(std::move(entries)) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    for (const TokenDigest& digest : entries_[i].digests) by_digest_.push_back({digest, i});
    if (!entries_[i].certificates.empty()) certified_.push_back(i);
  }
  std::ranges::sort(by_digest_, {}, &Known::digest);
}

const Client* Clients::find_by_token(std::string_view token) const {
  const TokenDigest digest = digest_of(token);
  const auto found = std::ranges::lower_bound(by_digest_, digest, {}, &Known::digest);
  return found != by_digest_.end() && is_same(found->digest, digest) ? &entries_[found->entry] : nullptr;
}

Clients::OfCertificate Clients::find_by_certificate(const core::CertificateNames& names) const {
  OfCertificate found;
  for (const std::size_t index : certified_) {
    const Client& client = entries_[index];
    const bool fits = std::ranges::any_of(client.certificates, [&](const auto& one) { return one.fits(names); });
    if (!fits) continue;
    if (found.client != nullptr) {
      found.is_ambiguous = true;
      return found;
    }
    found.client = &client;
  }
  return found;
}

ClientsFile parse_clients(std::string_view text, const std::string& source) {
  config::Report report;
  return parse_file(text, source, report);
}

ClientsFile read_clients(const std::string& path) {
  config::Report report;
  const auto text = read_entries(path, S_IRWXG | S_IRWXO, "chmod 600", report);
  return text ? parse_file(*text, config::printable(path), report) : take_clients(report, {});
}

void check_clients(config::Loaded& loaded) {
  check_entries(loaded, "auth.clients", loaded.options.auth.clients, read_clients);
}

}  // namespace logdist::auth
