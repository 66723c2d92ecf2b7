// Whose the requests of one connection are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "logdist/base/ip_address.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/ingest/clients/access.hpp"
#include "logdist/ingest/clients/directory.hpp"

namespace logdist::ingest {

/// Remembers what identify() has said of the connection's last request: the next one mostly says the same, and then
/// costs a comparison of its Authorization, in constant time. What another Access has said is forgotten. Confined to
/// its loop.
class ConnectionIdentity {
 public:
  /// `credentials.certificate` is the connection's own, the same each time.
  const Identity& of(const Access& access, const Credentials& credentials);

 private:
  bool is_same(const Access& access, const Credentials& credentials) const;

  Identity identity_;
  std::uint64_t revision_ = 0;
  bool is_known_ = false;  ///< identity_ has been looked up
  bool had_authorization_ = false;
  bool took_splunk_ = false;
  std::string authorization_;
};

/// A number by which clients are told apart where they wait: one for each that is known, and for each address of those
/// that are not. That of two addresses is hardly ever the same.
std::uint64_t client_key(ClientId id, const IpAddress& address);

/// What a request is limited by. Without rates it is not.
struct RequestLimits {
  ClientLimits limits;
  ClientRates* rates = nullptr;
  std::shared_ptr<AnonymousClient> anonymous;  ///< whose rates they are, if of one that is not known
};

/// Those of `identity`; of one that is not known by its address. `last` has what this found for the connection's
/// request before, and is mostly right.
void find_limits(RequestLimits& last, const Access& access, const Identity& identity, const IpAddress& address,
                 ClientDirectory& directory, TimePoint now);

/// Why a client that is known may not send `protocol` from `address`; nothing, if it may.
Identity check_rights(const Identity& identity, core::Protocol protocol, const IpAddress& address);

}  // namespace logdist::ingest
