#include "codec/ndjson.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace logdist::codec {
namespace {

/// A line up to this long is validated strictly sooner than JsonScan has begun with it.
constexpr std::size_t short_line_max = 24;

bool is_json_whitespace(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

DecodeError of_line(DecodeError error, std::size_t line_number, std::size_t begin) {
  return {error.code, fmt::format("line {}: {}", line_number, error.detail), begin + error.offset};
}

DecodeError no_line() { return {DecodeErrorCode::invalid_body, "there are no messages: no line holds one", 0}; }

/// Lines whose ends come later: a line is validated as it comes.
class LineReader final : public BodyReader {
 public:
  bool feed(std::string_view piece) override {
    for (std::size_t begin = 0; begin < piece.size() && !error_;) {
      const std::size_t end = piece.find('\n', begin);
      const bool ends = end != piece.npos;
      take(piece.substr(begin, ends ? end - begin : piece.npos), ends, size_ + begin);
      begin = ends ? end + 1 : piece.size();
    }
    size_ += piece.size();
    return !error_;
  }

  DecodeResult finish() override {
    if (!error_) take({}, true, size_);
    if (error_) return *error_;
    if (decoded_.messages == 0) return no_line();
    return decoded_;
  }

 private:
  /// A part of a line, from byte `begin` of the body on; its last one when it `ends`.
  void take(std::string_view part, bool ends, std::size_t begin) {
    if (!in_line_) {
      const auto* const first = std::find_if_not(part.data(), part.data() + part.size(), is_json_whitespace);
      const auto blank = static_cast<std::size_t>(first - part.data());
      part.remove_prefix(blank);
      begin += blank;
      if (!part.empty()) line_.begin();
      in_line_ = !part.empty();
    }
    if (in_line_) {
      if (auto error = line_.validate_part(part, ends)) error_ = of_line(std::move(*error), line_number_, begin);
      if (ends) ++decoded_.messages;
    }
    if (!ends) return;
    in_line_ = false;
    ++line_number_;
  }

  StrictValidator line_;
  bool in_line_ = false;  ///< not only blanks came of it so far
  std::size_t line_number_ = 1;
  std::size_t size_ = 0;  ///< of the pieces before
  Decoded decoded_;
  std::optional<DecodeError> error_;
};

}  // namespace

/// The first fault of a line. `long_numbers`: the body may have some.
std::optional<DecodeError> NdjsonDecoder::check_line(std::string_view line) {
  // The bytes of the lines below, or of the body's own padding, are the line's padding.
  if (line.size() > short_line_max && scan_.is_one_value(line)) return std::nullopt;
  return values_.validate(line);
}

/// Counts the lines that hold a value, all in one go; none when they must be validated one by one.
std::optional<std::uint32_t> NdjsonDecoder::count_quickly(std::string_view body) {
  if (!scan_.begin(body)) return std::nullopt;
  const char* const body_end = body.data() + body.size();
  const char* line_end = body.data();
  std::uint32_t count = 0;
  while (!scan_.at_end()) {
    const char* const first = scan_.next();
    if (count > 0 && first < line_end) return std::nullopt;  // a second value of a line
    const void* const found = std::memchr(first, '\n', static_cast<std::size_t>(body_end - first));
    line_end = found == nullptr ? body_end : static_cast<const char*>(found);
    // Strings hold no line end, so a value ends in the line in which its last token begins.
    if (!scan_.skip_value() || scan_.last() > line_end) return std::nullopt;
    ++count;
  }
  if (count == 0 || !scan_.ends()) return std::nullopt;
  return count;
}

DecodeResult NdjsonDecoder::decode(std::string_view body) {
  Decoded decoded;
  if (const auto count = count_quickly(body)) {
    decoded.messages = *count;
    return decoded;
  }
  std::size_t line_number = 0;
  for (std::size_t begin = 0; begin < body.size();) {
    ++line_number;
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    const std::string_view line = body.substr(begin, end - begin);
    if (!std::all_of(line.begin(), line.end(), is_json_whitespace)) {
      if (auto error = check_line(line)) return of_line(std::move(*error), line_number, begin);
      ++decoded.messages;
    }
    begin = end + 1;
  }
  if (decoded.messages == 0) return no_line();
  return decoded;
}

std::unique_ptr<BodyReader> NdjsonDecoder::in_pieces() const { return std::make_unique<LineReader>(); }

}  // namespace logdist::codec
