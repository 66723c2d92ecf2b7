#include "logdist/codec/decode.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/bulk.hpp"
#include "codec/events_any.hpp"
#include "codec/journal.hpp"
#include "codec/json_packet.hpp"
#include "codec/layout_decoder.hpp"
#include "codec/lines.hpp"
#include "codec/logplex.hpp"
#include "codec/ndjson.hpp"
#include "codec/protobuf_decoder.hpp"
#include "logdist/codec/json/json_scan.hpp"

namespace logdist::codec {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

DecodeError has_byte_order_mark() {
  return {DecodeErrorCode::invalid_body, "the body begins with a byte order mark; send UTF-8 without one", 0};
}

/// Whether a body of the format is JSON, which has no byte order mark.
bool is_json(Format format) {
  return format != Format::otlp_protobuf && format != Format::loki_protobuf && format != Format::lines &&
         format != Format::logplex && format != Format::journal;
}

/// Looks at the first bytes before the format's own reader does.
class UnmarkedReader final : public BodyReader {
 public:
  explicit UnmarkedReader(std::unique_ptr<BodyReader> reader) : reader_(std::move(reader)) {}

  bool feed(std::string_view piece) override {
    while (!piece.empty() && matched_ < byte_order_mark.size()) {
      if (piece.front() != byte_order_mark[matched_]) {
        const std::size_t held_back = std::exchange(matched_, byte_order_mark.size());
        if (!reader_->feed(byte_order_mark.substr(0, held_back))) return false;
        return reader_->feed(piece);
      }
      piece.remove_prefix(1);
      marked_ = ++matched_ == byte_order_mark.size();
    }
    return !marked_ && (piece.empty() || reader_->feed(piece));
  }

  DecodeResult finish() override {
    if (marked_) return has_byte_order_mark();
    if (matched_ < byte_order_mark.size()) reader_->feed(byte_order_mark.substr(0, matched_));
    return reader_->finish();
  }

 private:
  std::unique_ptr<BodyReader> reader_;
  std::size_t matched_ = 0;  ///< bytes of the mark that came, and are held back; all of them: decided
  bool marked_ = false;
};

}  // namespace

static_assert(JsonScan::levels_max == max_depth);

bool is_valid_id(std::string_view id) {
  const auto is_visible = [](char byte) { return byte >= 0x21 && byte <= 0x7e; };
  return !id.empty() && id.size() <= max_id_length && std::all_of(id.begin(), id.end(), is_visible);
}

struct Decoder::Scratch : JsonScan {};

Decoder::Decoder() : scratch_(std::make_unique<Scratch>()) {
  const auto set = [this](Format format, std::unique_ptr<FormatDecoder> decoder) {
    formats_[static_cast<std::size_t>(format)] = std::move(decoder);
  };
  set(Format::json, std::make_unique<JsonPacketDecoder>(*scratch_));
  set(Format::ndjson, std::make_unique<NdjsonDecoder>(*scratch_));
  set(Format::otlp_protobuf, std::make_unique<ProtobufDecoder>(otlp_schema));
  const auto set_layout = [&](Format format, const Layout& layout) {
    set(format, std::make_unique<LayoutDecoder>(layout, *scratch_));
  };
  set_layout(Format::cloud_event, cloud_event_layout);
  set_layout(Format::cloud_event_batch, cloud_event_batch_layout);
  set_layout(Format::otlp_json, otlp_json_layout);
  set_layout(Format::loki_json, loki_json_layout);
  set_layout(Format::hec_event, hec_event_layout);
  set_layout(Format::datadog, datadog_layout);
  set_layout(Format::gelf, gelf_layout);
  set_layout(Format::firehose, firehose_layout);
  set_layout(Format::events, events_layout);
  set(Format::loki_protobuf, std::make_unique<ProtobufDecoder>(loki_schema));
  set(Format::bulk, std::make_unique<BulkDecoder>(*scratch_));
  set(Format::lines, std::make_unique<LinesDecoder>());
  set(Format::logplex, std::make_unique<LogplexDecoder>());
  set(Format::journal, std::make_unique<JournalDecoder>());
  set(Format::events_any, std::make_unique<EventsAnyDecoder>(*formats_[static_cast<std::size_t>(Format::events)],
                                                             *formats_[static_cast<std::size_t>(Format::lines)]));
}

Decoder::~Decoder() = default;

DecodeResult Decoder::decode(Format format, const core::Buffer& body) {
  const std::string_view text = body.view();
  if (is_json(format) && text.starts_with(byte_order_mark)) return has_byte_order_mark();
  DecodeResult result = formats_[static_cast<std::size_t>(format)]->decode(text);
  if (scratch_->capacity() > max_kept_body) scratch_->renew();
  return result;
}

std::unique_ptr<BodyReader> Decoder::in_pieces(Format format) const {
  auto reader = formats_[static_cast<std::size_t>(format)]->in_pieces();
  if (!is_json(format)) return reader;
  return std::make_unique<UnmarkedReader>(std::move(reader));
}

std::size_t Decoder::kept_capacity() const { return scratch_->capacity(); }

}  // namespace logdist::codec
