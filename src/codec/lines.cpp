#include "codec/lines.hpp"

#include <algorithm>
#include <cstddef>

namespace logdist::codec {
namespace {

class TextReader final : public BodyReader {
 public:
  bool feed(std::string_view piece) override {
    size_ += piece.size();
    each_part(piece, '\n', [this](std::string_view line, bool line_ends) {
      each_part(line, '\r', [this, line_ends](std::string_view part, bool ends) { take(part, ends || line_ends); });
    });
    return true;
  }

  DecodeResult finish() override {
    if (lines_ > 0) return Decoded{lines_};
    return DecodeError{DecodeErrorCode::no_data, "there are no messages: no line holds one", size_};
  }

 private:
  /// Calls visit(part, ends) for what is between the ends of lines; the last part of a piece does not end.
  template <typename Visit>
  static void each_part(std::string_view text, char end_of_line, Visit visit) {
    for (;;) {
      const std::size_t end = text.find(end_of_line);
      visit(text.substr(0, end), end != text.npos);
      if (end == text.npos) return;
      text.remove_prefix(end + 1);
    }
  }

  void take(std::string_view part, bool ends) {
    if (!part.empty() && !in_line_) ++lines_;
    in_line_ = !ends && (in_line_ || !part.empty());
  }

  std::uint32_t lines_ = 0;
  std::size_t size_ = 0;
  bool in_line_ = false;  ///< of which there was a byte
};

}  // namespace

DecodeResult LinesDecoder::decode(std::string_view body) {
  TextReader reader;
  reader.feed(body);
  return reader.finish();
}

std::unique_ptr<BodyReader> LinesDecoder::in_pieces() const { return std::make_unique<TextReader>(); }

}  // namespace logdist::codec
