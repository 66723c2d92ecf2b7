#include "codec/logplex.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace logdist::codec {
namespace {

/// Digits of the length of a frame, at most.
constexpr int length_digits_max = 9;

class FrameReader final : public BodyReader {
 public:
  bool feed(std::string_view piece) override {
    for (std::size_t at = 0; at < piece.size() && !error_;) {
      if (frame_left_ == 0) {
        take_length(piece[at], size_ + at);
        ++at;
        continue;
      }
      const std::size_t taken = std::min(frame_left_, piece.size() - at);
      at += taken;
      frame_left_ -= taken;
      if (frame_left_ == 0) ++frames_;
    }
    size_ += piece.size();
    return !error_;
  }

  DecodeResult finish() override {
    if (error_) return *error_;
    if (size_ == 0) return DecodeError{DecodeErrorCode::no_data, "the body is empty", 0};
    if (frame_left_ > 0 || digits_ > 0) {
      return DecodeError{DecodeErrorCode::invalid_body, "the last frame ends too early", size_, frames_};
    }
    return Decoded{frames_};
  }

 private:
  /// The byte at `offset`, of a length or behind one.
  void take_length(char byte, std::size_t offset) {
    const bool digit = byte >= (digits_ == 0 ? '1' : '0') && byte <= '9';
    if (digit && digits_ < length_digits_max) {
      length_ = 10 * length_ + static_cast<std::size_t>(byte - '0');
      ++digits_;
    } else if (byte == ' ' && digits_ > 0) {
      frame_left_ = length_;
      length_ = 0;
      digits_ = 0;
    } else {
      error_ = DecodeError{DecodeErrorCode::invalid_body, "a frame must begin with its length in bytes and a blank",
                           offset, frames_};
    }
  }

  std::uint32_t frames_ = 0;
  std::size_t length_ = 0;  ///< as far as it came
  int digits_ = 0;          ///< of it
  std::size_t frame_left_ = 0;
  std::size_t size_ = 0;
  std::optional<DecodeError> error_;
};

}  // namespace

DecodeResult LogplexDecoder::decode(std::string_view body) {
  FrameReader reader;
  reader.feed(body);
  return reader.finish();
}

std::unique_ptr<BodyReader> LogplexDecoder::in_pieces() const { return std::make_unique<FrameReader>(); }

}  // namespace logdist::codec
