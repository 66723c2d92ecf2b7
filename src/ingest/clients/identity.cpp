#include "logdist/ingest/clients/identity.hpp"

#include <algorithm>

#include "logdist/auth/token.hpp"

namespace logdist::ingest {

const Identity& ConnectionIdentity::of(const Access& access, const Credentials& credentials) {
  if (is_same(access, credentials)) return identity_;
  identity_ = identify(access, credentials);
  revision_ = access.revision;
  had_authorization_ = credentials.authorization.has_value();
  took_splunk_ = credentials.takes_splunk;
  authorization_ = credentials.authorization.value_or("");
  is_known_ = !credentials.many_authorizations;
  return identity_;
}

bool ConnectionIdentity::is_same(const Access& access, const Credentials& credentials) const {
  return is_known_ && revision_ == access.revision && !credentials.many_authorizations &&
         had_authorization_ == credentials.authorization.has_value() && took_splunk_ == credentials.takes_splunk &&
         auth::is_same_text(authorization_, credentials.authorization.value_or(""));
}

std::uint64_t client_key(ClientId id, const IpAddress& address) {
  constexpr std::uint64_t of_address = std::uint64_t{1} << 63;
  return id == anonymous_client ? hash_of(address) | of_address : id;
}

void find_limits(RequestLimits& last, const Access& access, const Identity& identity, const IpAddress& address,
                 ClientDirectory& directory, TimePoint now) {
  if (identity.entry != nullptr) {
    last.anonymous.reset();
    last.limits = identity.entry->limits;
    last.rates = last.limits.is_limited() ? identity.entry->rates : nullptr;
    return;
  }
  last.limits = access.limits;
  last.rates = nullptr;
  if (!last.limits.is_limited()) return last.anonymous.reset();
  if (!last.anonymous || last.anonymous->is_forgotten() || last.anonymous->address() != address) {
    last.anonymous = directory.anonymous_clients().find(address, now);
  }
  last.anonymous->seen(now);
  last.rates = &last.anonymous->rates;
}

Identity check_rights(const Identity& identity, core::Protocol protocol, const IpAddress& address) {
  if (identity.refusal || identity.client == nullptr) return identity;
  Identity checked = identity;
  const auth::Client& client = *identity.client;
  if (!client.formats.has(protocol)) {
    checked.refusal = ClientRefusal::format;
    checked.detail = "this client may not send this format";
  } else if (!client.addresses.empty() && std::ranges::none_of(client.addresses, [&](const Network& network) {
               return network.contains(address);
             })) {
    checked.refusal = ClientRefusal::address;
    checked.detail = "this client may not send from this address";
  }
  return checked;
}

}  // namespace logdist::ingest
