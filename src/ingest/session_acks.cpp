// Acknowledgements of HEC: a packet's ackId, and the question which of them are delivered.
#include <span>
#include <string>
#include <utility>

#include "ingest/session.hpp"
#include "logdist/ingest/dialects/hec_acks.hpp"

namespace logdist::ingest {

/// A packet whose agent names a channel has its ackId before it is admitted: it may be delivered before its answer is
/// written. False when it is refused.
bool Session::take_channel(const http::RequestHead& head) {
  if (shared_.context.acks == nullptr || route_->dialect != Dialect::hec) return true;
  const auto channel = hec_channel(head);
  if (!channel) return true;
  if (!queue::AckRegistry::is_valid_name(*channel)) {
    refuse_channel(ChannelError::invalid);
    return false;
  }
  receipt_ = shared_.context.acks->issue(*channel, client_);
  delivery_->packet.receipt = receipt_;
  return true;
}

void Session::refuse_channel(ChannelError error) {
  const std::string_view detail = error == ChannelError::missing
                                      ? "X-Splunk-Request-Channel, or ?channel=, must name the channel"
                                      : "a channel is 1 to 128 visible ASCII characters";
  Problem problem{400, detail};
  problem.channel = error;
  refuse({RejectReason::invalid_body, 400, detail}, problem);
}

/// The request has failed, or its agent is gone: the id is told to nobody.
void Session::cancel_receipt() {
  if (receipt_.is_set()) shared_.context.acks->cancel(std::exchange(receipt_, {}));
}

/// Its body is received as a packet's is.
void Session::begin_ack_query(const http::RequestHead& head, const Admissible& admissible, TimePoint now) {
  auto channel = hec_channel(head);
  if (!channel) return refuse_channel(ChannelError::missing);
  ack_channel_ = std::make_unique<std::string>(std::move(*channel));
  delivery_ = &shared_.context.sink.make();
  delivery_->packet.coding = admissible.coding;
  receive_body(head, now);
}

void Session::answer_acks() {
  const core::Packet& packet = delivery_->packet;
  if (packet.body.size() > ack_query_bytes_max) {
    return refuse({RejectReason::body_too_large, 413, "a question for acknowledgements has at most 16 KiB"});
  }
  // Some clients say that it is compressed, and do not compress it.
  auto ids = parse_ack_query(packet.body.view());
  if (!ids && packet.coding != core::ContentCoding::identity) ids = parse_ack_query(content_of_query());
  if (!ids) {
    Problem problem{400, R"(the body must be {"acks":[…]} with ids as numbers)"};
    if (packet.body.size() == 0) problem.code = codec::DecodeErrorCode::no_data;
    return refuse({RejectReason::invalid_body, 400, problem.detail}, problem);
  }
  const Reply reply = ack_reply(*ids, shared_.context.acks->query(*ack_channel_, *ids));
  drop_packet();
  shared_.responses.reply(output_.tail(), reply, false, persistence_);
  end_request();
}

/// Empty when it cannot be decompressed, or is longer than it may be.
std::string Session::content_of_query() {
  // One of its own: it is small, and seldom needed.
  const auto decompressor = codec::make_decompressor(delivery_->packet.coding);
  decompressor->begin(delivery_->packet.body.view(), ack_query_bytes_max);
  std::string content(ack_query_bytes_max + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto step = decompressor->step(std::span(content).subspan(size));
    size += step.written;
    if (step.progress == codec::Decompressor::Progress::more) continue;
    content.resize(step.progress == codec::Decompressor::Progress::complete ? size : 0);
    return content;
  }
}

}  // namespace logdist::ingest
