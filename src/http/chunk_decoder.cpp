#include "logdist/http/chunk_decoder.hpp"

#include <algorithm>

#include "http/bytes.hpp"

namespace logdist::http {
namespace {

/// What a chunk may cost besides its data before it counts as excess: its shortest
/// line, a short extension, and as many bytes as its data has, twice.
constexpr std::uint64_t excused_line_size = 16;
constexpr std::uint64_t excused_per_byte = 2;
constexpr std::uint64_t max_excess = 16 * 1024;

}  // namespace

ChunkDecoder::Step ChunkDecoder::decode(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !error_) {
    if (state_ == State::data) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, bytes.size() - at));
      rest_ -= size;
      if (rest_ == 0) state_ = State::data_end;
      return {Progress::need_more, at + size, bytes.substr(at, size)};
    }
    take(bytes[at++]);
    if (state_ == State::done) return {Progress::complete, at};
  }
  return {error_ ? Progress::failed : Progress::need_more, at};
}

void ChunkDecoder::take(char byte) {
  if (++lines_size_ > max_lines_size) return void(error_ = errors::long_chunk_lines);
  switch (state_) {
    case State::size_begin:
    case State::size: return take_of_size(byte);
    case State::extension_begin:
    case State::extension_name:
    case State::value_begin:
    case State::value:
    case State::quoted:
    case State::quoted_pair: return take_of_extension(byte);
    case State::behind_size:
    case State::behind_name:
    case State::behind_value: return take_behind(byte);
    case State::size_line_feed:
      if (byte == '\n') return end_size_line();
      return fail(byte, errors::bare_cr);
    case State::data_end: return expect(byte, '\r', State::data_line_feed, errors::bad_chunk);
    case State::data_line_feed: lines_size_ = 0; return expect(byte, '\n', State::size_begin, errors::bare_cr);
    case State::trailer_begin:
    case State::trailer_name:
    case State::trailer_value: return take_of_trailer(byte);
    case State::trailer_line_feed: return expect(byte, '\n', State::trailer_begin, errors::bare_cr);
    case State::last_line_feed: return expect(byte, '\n', State::done, errors::bare_cr);
    case State::data:
    case State::done: return;
  }
}

void ChunkDecoder::take_of_size(char byte) {
  const unsigned digit = hex_value(byte);
  if (digit > 15) return state_ == State::size ? take_behind(byte) : fail(byte, errors::bad_chunk);
  if (state_ == State::size_begin) size_ = 0;
  if (size_ >> 60 != 0) return fail(byte, errors::bad_chunk);
  size_ = size_ << 4 | digit;
  state_ = State::size;
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
void ChunkDecoder::take_of_extension(char byte) {
  switch (state_) {
    case State::extension_begin:
    case State::value_begin:
      if (is_blank(byte)) return;
      if (byte == '"' && state_ == State::value_begin) {
        state_ = State::quoted;
      } else if (is_token_byte(byte)) {
        state_ = state_ == State::value_begin ? State::value : State::extension_name;
      } else {
        fail(byte, errors::bad_extension);
      }
      return;
    case State::quoted:
      if (!is_in(byte, line_byte)) return fail(byte, errors::bad_extension);
      if (byte == '"') state_ = State::behind_value;
      if (byte == '\\') state_ = State::quoted_pair;
      return;
    case State::quoted_pair:
      if (!is_in(byte, line_byte)) return fail(byte, errors::bad_extension);
      state_ = State::quoted;
      return;
    default:
      if (!is_token_byte(byte)) take_behind(byte);
  }
}

/// Behind a size, an extension's name or its value.
void ChunkDecoder::take_behind(char byte) {
  if (state_ == State::size) state_ = State::behind_size;
  if (state_ == State::extension_name) state_ = State::behind_name;
  if (state_ == State::value) state_ = State::behind_value;
  if (is_blank(byte)) return;
  if (byte == '\r') {
    state_ = State::size_line_feed;
  } else if (byte == ';') {
    state_ = State::extension_begin;
  } else if (byte == '=' && state_ == State::behind_name) {
    state_ = State::value_begin;
  } else {
    fail(byte, errors::bad_extension);
  }
}

void ChunkDecoder::end_size_line() {
  if (size_ > room_) return void(error_ = errors::large_body);
  if (size_ == 0) {
    state_ = State::trailer_begin;
    lines_size_ = 0;
    return;
  }
  const std::uint64_t excused = excused_line_size + excused_per_byte * size_;
  const std::uint64_t cost = excess_ + lines_size_ + 2;
  excess_ = cost > excused ? cost - excused : 0;
  if (excess_ > max_excess) return void(error_ = errors::many_extensions);
  room_ -= size_;
  rest_ = size_;
  state_ = State::data;
}

void ChunkDecoder::take_of_trailer(char byte) {
  if (state_ == State::trailer_begin) {
    name_size_ = 0;
    if (byte == '\r') return void(state_ = State::last_line_feed);
    if (is_blank(byte)) return fail(byte, errors::folded);
    if (!is_token_byte(byte)) return fail(byte, errors::bad_name);
    state_ = State::trailer_name;
  }
  if (state_ == State::trailer_name) {
    if (byte == ':') return end_trailer_name();
    if (!is_token_byte(byte)) return fail(byte, errors::bad_name);
    if (name_size_ < name_.size()) name_[name_size_++] = static_cast<char>(byte | 0x20);
    return;
  }
  if (byte == '\r') return void(state_ = State::trailer_line_feed);
  if (!is_in(byte, line_byte)) fail(byte, errors::bad_value);
}

/// A length in the trailer would be another than the one that was read.
void ChunkDecoder::end_trailer_name() {
  const std::string_view name(name_.data(), name_size_);
  if (name == "content-length" || name == "transfer-encoding") error_ = errors::framing_in_trailer;
  state_ = State::trailer_value;
}

void ChunkDecoder::expect(char byte, char expected, State next, const Error& otherwise) {
  if (byte != expected) return fail(byte, otherwise);
  state_ = next;
}

void ChunkDecoder::fail(char byte, const Error& error) { error_ = byte == '\n' ? errors::bare_lf : error; }

}  // namespace logdist::http
