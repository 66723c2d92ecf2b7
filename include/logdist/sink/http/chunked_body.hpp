// Where a chunked body ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/sink/http/body_reader.hpp"

namespace logdist::sink {

/// Follows a chunked body (RFC 9112, 7.1), and drops it when nobody reads it. Lines may end with a bare LF, and a size
/// may have blanks around it. Keeps no bytes, so it takes any pieces. Sans-I/O.
class ChunkedBody {
 public:
  enum class Result : std::uint8_t { need_more, end, broken };

  /// Takes bytes off `input` up to the end of the body. After `end` or `broken` it takes no more. `reader`, if
  /// there is one, gets the data.
  Result read(std::string_view& input, BodyReader* reader = nullptr);

 private:
  enum class State : std::uint8_t {
    before_size,
    size,
    after_size,  ///< blanks
    extension,
    size_line_feed,
    data,
    data_end,
    data_line_feed,
    trailer_start,
    trailer,
    last_line_feed,
    done,
    broken
  };

  State next(char byte);
  State after_size(char byte) const;
  State add_digit(unsigned value);
  State size_is_known() const { return left_ > 0 ? State::data : State::trailer_start; }

  State state_ = State::before_size;
  std::uint64_t left_ = 0;  ///< of the chunk
};

}  // namespace logdist::sink
