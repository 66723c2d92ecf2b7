// Answers out of the bytes of a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/system/error_code.hpp>

#include "logdist/sink/http/answer_head.hpp"
#include "logdist/sink/http/chunked_body.hpp"

namespace logdist::sink {

/// Longest body that is read, chunk lines and trailers included. A longer one costs the connection.
inline constexpr std::uint64_t max_answer_body_bytes = 1024 * 1024;
/// The same of a body that is read for what it says: that of `_bulk` has an item for each action.
inline constexpr std::uint64_t max_read_body_bytes = 64 * 1024 * 1024;
/// Bytes that a connection may hold unparsed: a head.
inline constexpr std::size_t max_unparsed_bytes = max_answer_head_bytes;

/// Takes answer after answer from a connection's bytes: first the head, which is the verdict, then the
/// body, which is dropped unless somebody reads it. Sans-I/O.
class AnswerReader {
 public:
  enum class Result : std::uint8_t {
    need_more,  ///< of the head or of the body
    head,       ///< that of a final answer, see head(); its body comes next, even when there is none
    end,        ///< of that answer, and of its body
    broken      ///< not HTTP/1.x, or beyond a limit, see fault(). Nothing is read afterwards
  };

  /// Heads have content_type and content_encoding from now on.
  void keep_content_fields() { keeps_content_fields_ = true; }

  /// Reads up to the next head or end, and consumes its bytes; interim answers are skipped.
  Result read(boost::beast::flat_buffer& input);
  /// The peer closed: `end` when the body lasts until then, else `need_more`.
  Result end_of_stream();

  /// After `head`: the body that comes now goes to `reader`, which outlives it; none: to nobody.
  void pass_body_to(BodyReader* reader) { body_reader_ = reader; }

  /// The last one read.
  const AnswerHead& head() const { return head_; }
  /// A head was read, and not yet the end of its body.
  bool in_body() const { return in_body_; }
  /// A part of a head is in the input, which was read before. Of a final one, or of one before it.
  bool head_begun() const { return searched_bytes_ > 0; }
  /// After `broken`: what is wrong. Of the body if in_body().
  const boost::system::error_code& fault() const { return fault_; }

 private:
  Result read_head(boost::beast::flat_buffer& input);
  Result read_body(boost::beast::flat_buffer& input);
  Result end();
  Result broken(const boost::system::error_code& fault);
  std::uint64_t body_bytes_max() const { return body_reader_ == nullptr ? max_answer_body_bytes : max_read_body_bytes; }

  bool in_body_ = false;
  bool broken_ = false;
  bool keeps_content_fields_ = false;
  std::size_t searched_bytes_ = 0;  ///< of the input: no end of head in there
  unsigned interim_answers_ = 0;
  AnswerHead head_;
  std::string head_bytes_;        ///< that head_ was read from; empty when it is to be read again
  std::uint64_t body_bytes_ = 0;  ///< read of it
  ChunkedBody chunks_;
  BodyReader* body_reader_ = nullptr;
  boost::system::error_code fault_;
};

}  // namespace logdist::sink
