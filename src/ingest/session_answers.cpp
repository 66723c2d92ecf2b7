// How a request ends: with its packet admitted, or with an answer.
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "ingest/session.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::ingest {
namespace {

void log_rejected(const IpAddress& client, const RequestError& error) {
  if (!log::writes(log::Level::debug)) return;
  const std::string name = client.is_set() ? client.to_string() : "unix";
  log::debug("request_rejected", fmt::format("a request of {}: {}, {}", name, error.status, error.detail),
             {{"client", name}, {"status", error.status}, {"cause", error.detail}});
}

}  // namespace

std::uint64_t wall_clock_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void Session::admit(TimePoint now) {
  switch (shared_.context.sink.admit(*delivery_, *this, now)) {
    case queue::Admission::queued:
      delivery_ = nullptr;
      if (upload_) return next_part(now);
      release_body();
      return answer_accepted(false);
    case queue::Admission::waiting: phase_ = Phase::delivery; return;
    case queue::Admission::pending: phase_ = Phase::storing; return;
  }
}

/// It is no longer in our hands; a long answer still is.
void Session::release_body() {
  if (bulk_reply_.body.empty()) {
    shared_.context.memory.release(*this);
  } else {
    shared_.context.memory.end_growth(*this, bulk_reply_.body.size());
  }
}

void Session::settled(queue::Settlement settlement) {
  const boost::intrusive_ptr<Session> self(this);
  if (route_->is_upload) {
    const bool is_kept = settlement == queue::Settlement::delivered || settlement == queue::Settlement::dead_lettered;
    if (!is_kept && !shared_.draining) return try_again();
    if (is_kept) settlement = queue::Settlement::delivered;  // to send it again would end it the same way
  }
  delivery_->packet.client_place.give_back();  // before the agent can send the next
  std::unique_ptr<core::AnalyzerAnswer> relayed;
  if (settlement == queue::Settlement::delivered && !upload_) relayed = std::move(delivery_->attempt.answer);
  delivery_ = nullptr;
  if (settlement != queue::Settlement::delivered || relayed) bulk_reply_ = {};
  if (shared_.draining) persistence_ = Persistence::close;
  if (upload_ && settlement == queue::Settlement::delivered) return part_settled();
  if (upload_) persistence_ = Persistence::close;  // the rest of it is not read
  if (relayed) {
    answer_relayed(*relayed);
    return answered();
  }
  release_body();
  switch (settlement) {
    case queue::Settlement::delivered: answer_accepted(true); break;
    case queue::Settlement::handed_back:
      answer_problem({503, shared_.draining ? "shutting down: no analyzer took the packet, send it again"
                                            : "no analyzer took the packet in time, send it again"});
      break;
    case queue::Settlement::dead_lettered:
      answer_problem({422, "no analyzer will take the packet: it is kept as a dead letter"});
      break;
    case queue::Settlement::not_stored: answer_problem({503, "the packet could not be stored, send it again"}); break;
  }
  answered();
}

/// Of an upload: the rest is read in a turn of its own.
void Session::part_settled() {
  next_part(Clock::now());
  shared_.poller.requeue(*this);
}

void Session::answer_accepted(bool delivered) {
  if (const auto status = status_with_packet_id(route_->dialect, delivered)) {
    shared_.responses.accepted(output_.tail(), *status, packet_id_, messages_, persistence_);
  } else if (!bulk_reply_.body.empty()) {
    shared_.responses.reply(output_.tail(), bulk_reply_, false, persistence_);
    answer_held_ = true;
  } else {
    Success success{messages_, delivered};
    if (receipt_.is_set()) success.ack_id = std::exchange(receipt_, {}).number;
    shared_.responses.reply(output_.tail(), success_reply(question(), success), false, persistence_);
  }
  served_ = true;
  end_request();
}

/// The analyzer's own.
void Session::answer_relayed(const core::AnalyzerAnswer& answer) {
  std::string headers;
  if (!answer.content_encoding.empty()) headers = "Content-Encoding: " + answer.content_encoding + "\r\n";
  if (route_->dialect == Dialect::elasticsearch) headers += elastic_product;
  const Reply reply{answer.status, answer.content_type, headers, answer.body};
  shared_.context.memory.end_growth(*this, answer.body.size());
  shared_.responses.reply(output_.tail(), reply, false, persistence_);
  answer_held_ = true;
  served_ = true;
  end_request();
}

/// Of requests that are no packets.
void Session::answer_purpose(const Admissible& admissible) {
  pass_body();
  switch (admissible.purpose) {
    case Purpose::canned: {
      const SessionEnvironment& context = shared_.context;
      const bool ready = !shared_.draining && (context.is_ready ? context.is_ready() : context.sink.takes_packets());
      shared_.responses.reply(output_.tail(), canned_reply(route_->canned, ready), is_head_, persistence_);
      break;
    }
    case Purpose::health: shared_.responses.alive(output_.tail(), is_head_, persistence_); break;
    case Purpose::options: shared_.responses.options(output_.tail(), admissible.allow, persistence_); break;
    case Purpose::acks:
    case Purpose::packet: break;
  }
  end_request();
}

Question Session::question() const {
  const std::string_view id = delivery_ != nullptr ? std::string_view(delivery_->packet.id) : packet_id_;
  return {route_ == nullptr ? Dialect::packet : route_->dialect, id, wall_clock_ms()};
}

void Session::answer_problem(Problem problem) {
  if (problem.status == 503) problem.retry_after = shared_.context.sink.retry_after(Clock::now());
  shared_.responses.problem(output_.tail(), question(), problem, is_head_, persistence_);
  end_request();
}

void Session::refuse(const RequestError& error) {
  const std::string allow = allow_text(error.allow);
  Problem problem{error.status, error.detail};
  problem.allow = allow;
  if (error.names_codings) problem.accept_encoding = core::accepted_codings;
  refuse(error, problem);
}

void Session::refuse(const RequestError& error, const Problem& problem) {
  shared_.context.ledger.rejected(error.reason, route_ == nullptr ? std::nullopt : std::optional(route_->protocol));
  log_rejected(client_, error);
  if (delivery_ != nullptr) packet_id_ = delivery_->packet.id;
  drop_packet();
  if (error.close) {
    persistence_ = Persistence::close;
  } else {
    pass_body();
  }
  answer_problem(problem);
}

/// Skips a body that nobody wants; when it is not all here, the connection closes.
void Session::pass_body() {
  if (body_unread_ <= input_.size()) return input_.consume(body_unread_);  // the next request begins behind it
  persistence_ = Persistence::close;
}

void Session::end_request() {
  keep();
  parser_.reset();
  chunks_.reset();
  client_ = peer_;
  route_ = nullptr;
  bulk_reply_ = {};
  is_decoded_ = false;
  is_paid_ = false;
  upload_.reset();
  ack_channel_.reset();
  cancel_receipt();
  phase_ = Phase::head;
  last_answer_ = persistence_ == Persistence::close;
  is_head_ = false;
  body_unread_ = 0;
}

/// Lets go of the packet and of its buffer space, wherever they are.
void Session::drop_packet() {
  return_decompressor();
  cancel_receipt();
  if (shared_.context.memory.release(*this)) intrusive_ptr_release(this);  // granted() won't pass it on
  if (delivery_ == nullptr) return;
  queue::Delivery& delivery = *std::exchange(delivery_, nullptr);
  if (phase_ == Phase::delivery || phase_ == Phase::storing) {
    shared_.context.sink.abandon(delivery, Clock::now());
  } else {
    shared_.context.sink.discard(delivery);
  }
}

}  // namespace logdist::ingest
