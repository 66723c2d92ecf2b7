#include "codec/protobuf_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace logdist::codec {
namespace {

DecodeResult result_of(const ProtobufWalk& walk) {
  if (!walk.error()) return Decoded{walk.count()};
  return DecodeError{DecodeErrorCode::invalid_body, fmt::format("not protobuf: {}", walk.error()->detail),
                     walk.error()->offset};
}

/// Walks a piece up to where the head of a field may be cut. The bytes from there on are kept, and walked
/// together with the first ones of the next piece.
class ProtobufReader final : public BodyReader {
 public:
  explicit ProtobufReader(const ProtobufSchema& schema) : walk_(schema) {}

  bool feed(std::string_view piece) override {
    if (walk_.error()) return false;
    const std::size_t begin = size_;
    size_ += piece.size();
    const std::string_view first = piece.substr(0, kept_.size() - kept_size_);
    std::copy(first.begin(), first.end(), kept_.data() + kept_size_);
    const std::size_t available = kept_size_ + first.size();
    if (!walk(std::string_view(kept_.data(), available), begin - kept_size_)) return false;
    if (first.size() == piece.size()) {
      keep(std::string_view(kept_.data(), available));
      return true;
    }
    if (!walk(piece, begin)) return false;
    keep(piece);
    return true;
  }

  DecodeResult finish() override {
    const std::string_view last(kept_.data(), kept_size_);
    std::fill(kept_.begin() + static_cast<std::ptrdiff_t>(kept_size_), kept_.end(), '\0');
    walk_.set_body_size(size_);
    if (!walk_.error() && walk_.walk(last, size_ - kept_size_)) walk_.finish();
    return result_of(walk_);
  }

 private:
  static constexpr std::size_t head_max = ProtobufWalk::head_max;

  /// The fields of `bytes` that cannot be cut; the first byte is byte `base` of the body.
  bool walk(std::string_view bytes, std::size_t base) {
    if (bytes.size() <= head_max || walk_.position() >= base + bytes.size()) return true;
    return walk_.walk(bytes.substr(0, bytes.size() - head_max), base);
  }

  /// Keeps what is not walked of `bytes`, the last ones that came.
  void keep(std::string_view bytes) {
    const std::size_t base = size_ - bytes.size();
    bytes.remove_prefix(std::min(walk_.position() - base, bytes.size()));
    std::copy(bytes.begin(), bytes.end(), kept_.data());
    kept_size_ = bytes.size();
  }

  ProtobufWalk walk_;
  std::array<char, 3 * head_max> kept_{};
  std::size_t kept_size_ = 0;  ///< at most head_max
  std::size_t size_ = 0;       ///< of the pieces so far
};

}  // namespace

DecodeResult ProtobufDecoder::decode(std::string_view body) {
  ProtobufWalk walk(schema_);
  walk.set_body_size(body.size());
  if (walk.walk(body, 0)) walk.finish();
  return result_of(walk);
}

std::unique_ptr<BodyReader> ProtobufDecoder::in_pieces() const { return std::make_unique<ProtobufReader>(schema_); }

}  // namespace logdist::codec
