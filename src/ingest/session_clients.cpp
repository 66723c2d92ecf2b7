// Whose a request is, and what it may.
#include <algorithm>
#include <chrono>
#include <utility>

#include "ingest/session.hpp"

namespace logdist::ingest {
namespace {

std::optional<IdentityError> identity_error(ClientRefusal refusal) {
  switch (refusal) {
    case ClientRefusal::no_identity: return IdentityError::missing;
    case ClientRefusal::malformed_identity: return IdentityError::malformed;
    case ClientRefusal::unknown_identity: return IdentityError::unknown;
    case ClientRefusal::two_identities:
    case ClientRefusal::address:
    case ClientRefusal::format:
    case ClientRefusal::rate:
    case ClientRefusal::share: break;
  }
  return std::nullopt;
}

}  // namespace

/// False when it is refused. Asked before all else that may be wrong with a request: to strangers nothing is told of
/// that.
bool Session::let_in(const http::RequestHead& head, TimePoint now) {
  client_id_ = anonymous_client;
  const Access& access = shared_.access.get();
  request_limits_.rates = nullptr;
  if (route_ == nullptr || is_open(route_->canned)) return true;
  Identity identity;
  if (access.is_on()) {
    if (!identity_) identity_ = std::make_unique<ConnectionIdentity>();
    const Credentials credentials{head.authorization, head.many_authorizations, route_->dialect == Dialect::hec,
                                  transport_->peer_certificate()};
    identity = check_rights(identity_->of(access, credentials), route_->protocol, client_);
  }
  client_id_ = identity.id;
  if (identity.refusal) {
    refuse_client(identity);
    return false;
  }
  if (shared_.access.directory() != nullptr) {
    find_limits(request_limits_, access, identity, client_, *shared_.access.directory(), now);
  }
  return true;
}

/// Of a packet whose body is still to come. One of unknown length is charged when it is here. False when it is refused.
bool Session::take_rate(TimePoint now) {
  if (request_limits_.rates == nullptr) return true;
  const std::uint32_t places = request_limits_.limits.places_max;
  if (places != 0 && request_limits_.rates->places.held() >= places) {  // its body would be read for nothing
    refuse_share();
    return false;
  }
  const std::uint64_t bytes = chunks_ ? 0 : body_unread_;
  const Duration wait = request_limits_.rates->try_take_packet(bytes, request_limits_.limits, now);
  if (wait == Duration::zero()) return true;
  refuse_rate("the client has sent as much as it may: send the packet again later", wait);
  return false;
}

/// Of a body that is here. False when it is refused.
bool Session::take_message_rate(std::uint32_t messages, TimePoint now) {
  if (request_limits_.rates == nullptr) return true;
  const BucketRate& rate = request_limits_.limits.messages;
  const Duration wait = request_limits_.rates->messages.try_take(messages, rate, now);
  if (wait == Duration::zero()) return true;
  refuse_rate("the client has sent as many messages as it may: send the packet again later", wait);
  return false;
}

/// Takes a place of its client's share for the packet that is here. False when there is none.
bool Session::take_place() {
  if (request_limits_.rates == nullptr || request_limits_.limits.places_max == 0) return true;
  core::ClientPlaces& places = request_limits_.rates->places;
  if (!places.try_take(request_limits_.limits.places_max)) return false;
  // The places of a client that is known stay for ever, those of an address as long as they are held.
  delivery_->packet.client_place =
      core::HeldPlace(std::shared_ptr<core::ClientPlaces>(request_limits_.anonymous, &places));
  return true;
}

void Session::refuse_share() {
  const TimePoint now = Clock::now();
  refuse_limit(ClientRefusal::share, "the client holds as much of the queue as it may: send the packet again later",
               shared_.context.sink.retry_after(now));
}

/// What take_rate() could not know.
void Session::charge_body(std::size_t body_bytes, TimePoint now) {
  if (request_limits_.rates == nullptr || !chunks_ || route_->is_upload) return;
  request_limits_.rates->bytes.take(body_bytes, request_limits_.limits.bytes, now);
}

/// Of an upload, or a part of one, which is never refused: how long it is to wait.
Duration Session::take_part_rate(TimePoint now) {
  const bool is_late = upload_ && upload_->is_late;
  if (request_limits_.rates == nullptr || is_late || is_paid_) return Duration::zero();
  const ClientLimits& limits = request_limits_.limits;
  ClientRates& rates = *request_limits_.rates;
  const core::Packet& packet = delivery_->packet;
  const Duration wait = rates.try_take_packet(packet.body.size(), limits, now);
  if (wait != Duration::zero()) return wait;
  is_paid_ = true;
  rates.messages.take(packet.messages, limits.messages, now);
  return Duration::zero();
}

void Session::refuse_rate(std::string_view detail, Duration wait) {
  const auto seconds = std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
  refuse_limit(ClientRefusal::rate, detail, seconds);
}

void Session::refuse_limit(ClientRefusal refusal, std::string_view detail, std::chrono::seconds retry_after) {
  shared_.context.ledger.client_refused(client_id_, refusal);
  Problem problem{429, detail};
  problem.retry_after = retry_after;
  refuse({RejectReason::over_limit, 429, detail}, problem);
}

std::uint64_t Session::waits_for() const { return client_key(client_id_, client_); }

void Session::refuse_client(const Identity& identity) {
  shared_.context.ledger.client_refused(client_id_, *identity.refusal);
  const auto error = identity_error(*identity.refusal);
  const unsigned status = error ? 401 : 403;
  Problem problem{status, identity.detail};
  problem.identity = error;
  refuse({error ? RejectReason::unauthorized : RejectReason::forbidden, status, identity.detail}, problem);
}

void Session::count_received(std::size_t body_bytes) {
  shared_.context.ledger.packet_received(route_->protocol, body_bytes);
  shared_.context.ledger.client_packet_received(client_id_, body_bytes);
}

void Session::count_messages(std::uint32_t messages) {
  shared_.context.ledger.messages_received(route_->protocol, messages);
  shared_.context.ledger.client_messages_received(client_id_, messages);
}

}  // namespace logdist::ingest
