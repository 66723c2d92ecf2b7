// Who may send packets: the file of `auth.clients`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/auth/token.hpp"
#include "logdist/base/ip_address.hpp"
#include "logdist/base/time.hpp"
#include "logdist/config/load.hpp"
#include "logdist/core/certificate_names.hpp"
#include "logdist/core/protocol.hpp"

namespace logdist::auth {

/// A name that a certificate must have, as in the file: `CN=edge-eu`, `DNS:*.eu.example`, `URI:spiffe://example/edge`.
struct CertificatePattern {
  enum class Kind : std::uint8_t { common_name, dns, uri };

  Kind kind = Kind::common_name;
  std::string text;  ///< of a DNS name in lower case; its first label may be `*`, which is any one label

  bool fits(const core::CertificateNames& names) const;
  friend auto operator<=>(const CertificatePattern&, const CertificatePattern&) = default;
};

/// What it may send; where nothing is said, as `limits` of the configuration says.
struct OwnLimits {
  std::optional<std::uint64_t> packets;  ///< a second; 0: unlimited
  std::optional<std::uint64_t> messages;
  std::optional<std::uint64_t> bytes;
  std::optional<Duration> burst;
  std::optional<double> queue_share;  ///< of the queue's places
};

/// One entry of the file.
struct Client {
  std::string name;  ///< in metrics, status and log: 1 to 64 of letters, digits, _, . and -; not `anonymous`
  std::vector<TokenDigest> digests;
  std::vector<CertificatePattern> certificates;
  std::vector<Network> addresses;  ///< from which it may send; empty: from anywhere
  core::ProtocolSet formats = core::ProtocolSet::all();
  OwnLimits limits;
};

/// All that are known. Immutable, so that any thread may read it.
class Clients {
 public:
  static constexpr std::size_t max = 10'000;

  Clients() = default;
  explicit Clients(std::vector<Client> entries);

  /// Whose `token` is; null: nobody's. It is looked up by its digest, whose bytes tell nothing of the token, and
  /// compared in constant time.
  const Client* find_by_token(std::string_view token) const;

  struct OfCertificate {
    const Client* client = nullptr;  ///< the first whose pattern fits
    bool is_ambiguous = false;       ///< another one's fits, too
  };
  OfCertificate find_by_certificate(const core::CertificateNames& names) const;

  const std::vector<Client>& entries() const { return entries_; }
  std::size_t index_of(const Client& client) const { return static_cast<std::size_t>(&client - entries_.data()); }

 private:
  struct Known {
    TokenDigest digest;
    std::size_t entry;
  };

  std::vector<Client> entries_;
  std::vector<Known> by_digest_;        ///< sorted
  std::vector<std::size_t> certified_;  ///< entries that have certificates
};

/// The file as it was read. Errors name its lines, and quote nothing of it: what is in it may be a token by mistake.
struct ClientsFile {
  Clients clients;
  std::vector<config::Error> errors;    ///< if there are any, there are no clients
  std::vector<config::Error> warnings;  ///< others than its owner may read or change it
};

/// A list of entries, YAML. Reads the file, which may block; one that cannot be read is an error.
ClientsFile read_clients(const std::string& path);

/// The same from a text; `source` names it in errors.
ClientsFile parse_clients(std::string_view text, const std::string& source);

/// Adds to `loaded` what read_clients() finds in the file that auth.clients names, if it names one.
void check_clients(config::Loaded& loaded);

}  // namespace logdist::auth
