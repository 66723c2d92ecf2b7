// Reads a chunked body.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/http/error.hpp"
#include "logdist/http/request_parser.hpp"

namespace logdist::http {

/// The body behind the head of a chunked request, to the end of its trailer (RFC
/// 9112, 7.1). As strict as RequestParser: lines end with CRLF, data has exactly the
/// announced size, extensions and trailer lines are well-formed. Blanks behind a size
/// are accepted, because old servers pad it. Extensions and trailers are skipped: they
/// change nothing that the head has decided.
///
/// Every byte is looked at once and never needed again. Allocates nothing.
class ChunkDecoder {
 public:
  /// Longest size line, and longest trailer.
  static constexpr std::size_t max_lines_size = 16 * 1024;

  /// More than `max_body` bytes of data is a 413.
  explicit ChunkDecoder(std::uint64_t max_body) : room_(max_body) {}

  struct Step {
    Progress progress = Progress::need_more;
    std::size_t consumed = 0;    ///< bytes of the input that are used
    std::string_view data = {};  ///< of the body, in the input
  };
  /// Decodes up to the end of the input or of a piece of data, whichever comes first:
  /// to be called until all is consumed or `progress` is not `need_more`.
  Step decode(std::string_view bytes);

  /// Once a step has said `failed`.
  const Error& error() const { return error_; }

 private:
  enum class State : std::uint8_t {
    size_begin,
    size,
    behind_size,  ///< blanks, then an extension or the line's end
    extension_begin,
    extension_name,
    behind_name,
    value_begin,
    value,
    quoted,
    quoted_pair,
    behind_value,
    size_line_feed,
    data,
    data_end,
    data_line_feed,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_line_feed,
    last_line_feed,
    done,
  };

  void take(char byte);
  void take_of_size(char byte);
  void take_of_extension(char byte);
  void take_behind(char byte);
  void take_of_trailer(char byte);
  void end_size_line();
  void end_trailer_name();
  void expect(char byte, char expected, State next, const Error& otherwise);
  void fail(char byte, const Error& error);

  std::uint64_t room_;  ///< data that may still come
  std::uint64_t size_ = 0;
  std::uint64_t rest_ = 0;       ///< of the chunk's data
  std::uint64_t excess_ = 0;     ///< bytes of lines beyond what their data excuses
  std::size_t lines_size_ = 0;   ///< of this size line, or of the trailer
  std::array<char, 18> name_{};  ///< the trailer's, in lower case, as far as it matters
  std::uint8_t name_size_ = 0;
  State state_ = State::size_begin;
  Error error_;
};

}  // namespace logdist::http
