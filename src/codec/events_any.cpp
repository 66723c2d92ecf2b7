#include "codec/events_any.hpp"

namespace logdist::codec {
namespace {

bool begins_json(std::string_view body) { return body.starts_with('{') || body.starts_with('['); }

/// Becomes the reader of one of the two.
class EitherReader final : public BodyReader {
 public:
  EitherReader(const FormatDecoder& events, const FormatDecoder& lines) : events_(events), lines_(lines) {}

  bool feed(std::string_view piece) override {
    if (piece.empty()) return true;
    if (!reader_) reader_ = begins_json(piece) ? events_.in_pieces() : lines_.in_pieces();
    return reader_->feed(piece);
  }

  DecodeResult finish() override {
    if (!reader_) reader_ = lines_.in_pieces();
    return reader_->finish();
  }

 private:
  const FormatDecoder& events_;
  const FormatDecoder& lines_;
  std::unique_ptr<BodyReader> reader_;
};

}  // namespace

DecodeResult EventsAnyDecoder::decode(std::string_view body) {
  return begins_json(body) ? events_.decode(body) : lines_.decode(body);
}

std::unique_ptr<BodyReader> EventsAnyDecoder::in_pieces() const {
  return std::make_unique<EitherReader>(events_, lines_);
}

}  // namespace logdist::codec
