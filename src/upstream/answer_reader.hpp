// Answers out of the bytes of a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/static_string.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace logdist::upstream {

/// Longest head of an answer, and longest body; more is broken HTTP.
inline constexpr std::size_t max_answer_head_bytes = 16 * 1024;
inline constexpr std::uint64_t max_answer_body_bytes = 1024 * 1024;
/// Most interim (1xx) answers before the final one; more is broken HTTP.
inline constexpr unsigned max_interim_answers = 16;
/// Bytes that a connection may hold unparsed: a head, or a line between chunks.
inline constexpr std::size_t max_unparsed_bytes = 2 * max_answer_head_bytes;

/// Beast's parser, keeping of an answer only what matters here: the body is
/// checked and dropped.
class AnswerParser final : public boost::beast::http::basic_parser<false> {
 public:
  AnswerParser();

  unsigned status() const { return status_; }
  /// As sent; empty when there was none, or one too long to mean anything.
  std::string_view retry_after() const { return {retry_after_.data(), retry_after_.size()}; }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;
  using field = boost::beast::http::field;

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view reason, int version, error_code& ec) override;
  void on_field_impl(field name, string_view name_string, string_view value, error_code& ec) override;
  void on_header_impl(error_code&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  unsigned status_ = 0;
  bool head_done_ = false;  ///< what follows are trailers
  boost::beast::static_string<64> retry_after_;
};

/// A whole final answer.
struct Answer {
  unsigned status = 0;
  bool keep_alive = false;       ///< the connection can be used after it
  std::string_view retry_after;  ///< valid until the next read()
};

/// Takes answer after answer from a connection's bytes. Sans-I/O.
class AnswerReader {
 public:
  enum class Result {
    need_more,  ///< no whole final answer yet
    answer,     ///< see answer()
    broken,     ///< not HTTP/1.x, or beyond a limit
  };

  /// Reads up to one final answer and consumes its bytes; interim ones are skipped.
  Result read(boost::beast::flat_buffer& input);
  /// The peer closed: `answer` when the body lasted until then.
  Result end_of_stream();

  /// The last one read.
  const Answer& answer() const { return answer_; }
  /// After `broken`: what is wrong.
  const boost::system::error_code& fault() const { return fault_; }

 private:
  Result read_head(boost::beast::flat_buffer& input);
  Result read_body(boost::beast::flat_buffer& input);
  Result put(boost::beast::flat_buffer& input);
  Result take_answer();
  Result broken(const boost::system::error_code& fault);

  std::optional<AnswerParser> parser_;  ///< from when the whole head is here to the next answer
  std::size_t searched_bytes_ = 0;      ///< of the input: no end of head in there
  unsigned interim_answers_ = 0;
  Answer answer_;
  boost::system::error_code fault_;
};

}  // namespace logdist::upstream
