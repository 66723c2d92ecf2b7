#include "logdist/sink/http/chunked_body.hpp"

#include <algorithm>

namespace logdist::sink {
namespace {

/// Beyond every bound on a body, and far from an overflow.
constexpr std::uint64_t chunk_bytes_max = std::uint64_t{1} << 48;

/// Of a hexadecimal digit; 16 for what is none.
unsigned value_of(char byte) {
  if (byte >= '0' && byte <= '9') return static_cast<unsigned>(byte - '0');
  const char lower = static_cast<char>(byte | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 16;
}

}  // namespace

ChunkedBody::Result ChunkedBody::read(std::string_view& input, BodyReader* reader) {
  while (!input.empty() && state_ != State::done && state_ != State::broken) {
    if (state_ == State::data) {
      const std::uint64_t taken = std::min<std::uint64_t>(left_, input.size());
      if (reader != nullptr) reader->read(input.substr(0, static_cast<std::size_t>(taken)));
      input.remove_prefix(static_cast<std::size_t>(taken));
      left_ -= taken;
      if (left_ == 0) state_ = State::data_end;
    } else {
      state_ = next(input.front());
      input.remove_prefix(1);
    }
  }
  if (state_ == State::done) return Result::end;
  return state_ == State::broken ? Result::broken : Result::need_more;
}

ChunkedBody::State ChunkedBody::next(char byte) {
  const bool is_blank = byte == ' ' || byte == '\t';
  const unsigned digit = value_of(byte);
  switch (state_) {
    case State::before_size:
      if (is_blank) return State::before_size;
      return digit < 16 ? add_digit(digit) : State::broken;
    case State::size: return digit < 16 ? add_digit(digit) : after_size(byte);
    case State::after_size: return after_size(byte);
    case State::extension:
      if (byte == '\n') return size_is_known();
      return byte == '\r' ? State::size_line_feed : State::extension;
    case State::size_line_feed: return byte == '\n' ? size_is_known() : State::broken;
    case State::data_end:
      if (byte == '\n') return State::before_size;
      return byte == '\r' ? State::data_line_feed : State::broken;
    case State::data_line_feed: return byte == '\n' ? State::before_size : State::broken;
    case State::trailer_start:
      if (byte == '\n') return State::done;
      return byte == '\r' ? State::last_line_feed : State::trailer;
    case State::trailer: return byte == '\n' ? State::trailer_start : State::trailer;
    case State::last_line_feed: return byte == '\n' ? State::done : State::broken;
    case State::data:
    case State::done:
    case State::broken: break;
  }
  return State::broken;
}

ChunkedBody::State ChunkedBody::after_size(char byte) const {
  if (byte == ' ' || byte == '\t') return State::after_size;
  if (byte == ';') return State::extension;
  if (byte == '\n') return size_is_known();
  return byte == '\r' ? State::size_line_feed : State::broken;
}

ChunkedBody::State ChunkedBody::add_digit(unsigned value) {
  left_ = left_ * 16 + value;
  return left_ <= chunk_bytes_max ? State::size : State::broken;
}

}  // namespace logdist::sink
