// Who may send packets, as of one configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "logdist/auth/clients.hpp"
#include "logdist/base/ids.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/ingest/clients/client_rates.hpp"

namespace logdist::ingest {

/// How many of `queue_places` a part of them is: at least one; 0, which is no limit, of all.
std::uint32_t places_of(double share, std::size_t queue_places);

/// What goes with one entry of the file.
struct AccessEntry {
  ClientId id = anonymous_client;
  ClientLimits limits;
  ClientRates* rates = nullptr;  ///< the name's, through all reloads; outlives all
};

/// Immutable, so that any thread may read it.
struct Access {
  auth::Clients clients;
  std::size_t queue_places = 0;       ///< queue.max_packets
  ClientLimits limits;                ///< of those that say nothing of their own, and of each that is not known
  bool knows_clients = false;         ///< there is a file of clients
  bool anonymous = true;              ///< those that are not known may send, too
  bool certificates_suffice = false;  ///< whoever has a verified certificate may: there is no file that names them

  // Filled in by the ClientDirectory:
  std::vector<AccessEntry> entries;  ///< in the order of clients.entries()
  std::uint64_t revision = 0;        ///< grows with each configuration

  /// Whether anything is asked of a request; else all are let in.
  bool is_on() const { return knows_clients || !anonymous; }
};

/// By what a request may be known. Views of the request's head.
struct Credentials {
  std::optional<std::string_view> authorization;
  bool many_authorizations = false;
  bool takes_splunk = false;                            ///< `Splunk TOKEN` is one of its protocol's forms
  const core::CertificateNames* certificate = nullptr;  ///< verified
};

/// Whose a request is.
struct Identity {
  ClientId id = anonymous_client;
  const auth::Client* client = nullptr;  ///< of the Access that was asked; null: not known
  std::optional<ClientRefusal> refusal;  ///< it may send nothing
  std::string_view detail;               ///< why, a sentence for people
  const AccessEntry* entry = nullptr;    ///< of `client`
};

/// A token decides, and where there is none, a certificate; of two clients they are refused. An Authorization that is
/// no token of anybody is refused even where anonymous requests are taken. Without a file of clients it is not read:
/// then it may be meant for others.
Identity identify(const Access& access, const Credentials& credentials);

}  // namespace logdist::ingest
