#include "logdist/sink/http/answer_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/beast/http/error.hpp>

#include "sink/http/answer_error.hpp"

namespace logdist::sink {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view protocol = "HTTP/1.";
/// A longer head is read again each time.
constexpr std::size_t kept_head_bytes_max = 512;

std::string_view view_of(const boost::beast::flat_buffer& input) {
  return {static_cast<const char*>(input.data().data()), input.size()};
}

/// What some servers send behind a body.
void skip_empty_lines(boost::beast::flat_buffer& input) {
  const std::string_view bytes = view_of(input);
  std::size_t skipped = 0;
  for (;;) {
    const std::string_view rest = bytes.substr(skipped);
    const std::size_t line = rest.starts_with('\n') ? 1 : rest.starts_with("\r\n") ? 2 : 0;
    if (line == 0) break;
    skipped += line;
  }
  input.consume(skipped);
}

}  // namespace

AnswerReader::Result AnswerReader::read(boost::beast::flat_buffer& input) {
  if (broken_) return Result::broken;
  while (!in_body_) {
    const Result result = read_head(input);
    if (result != Result::head) return result;
    if (head_.status >= 200) {
      interim_answers_ = 0;
      in_body_ = true;
      body_bytes_ = 0;
      chunks_ = {};
      body_reader_ = nullptr;
      return Result::head;
    }
    // Nobody asked for another protocol (101).
    if (head_.status == 101) return broken(make_error_code(AnswerError::other_protocol));
    if (++interim_answers_ > max_interim_answers) return broken(http::error::bad_status);
  }
  return read_body(input);
}

AnswerReader::Result AnswerReader::read_head(boost::beast::flat_buffer& input) {
  if (searched_bytes_ == 0) skip_empty_lines(input);
  const std::string_view bytes = view_of(input);
  if (searched_bytes_ == 0 && !head_bytes_.empty() && bytes.starts_with(head_bytes_)) {
    input.consume(head_bytes_.size());
    return Result::head;
  }
  if (bytes == "\r") return Result::need_more;
  const std::string_view start = bytes.substr(0, protocol.size());
  if (start != protocol.substr(0, start.size())) return broken(http::error::bad_version);
  const std::size_t length = find_end_of_head(bytes, searched_bytes_);
  if (length == std::string_view::npos) {
    searched_bytes_ = bytes.size();
    return bytes.size() < max_answer_head_bytes ? Result::need_more : broken(http::error::header_limit);
  }
  if (length > max_answer_head_bytes) return broken(http::error::header_limit);
  searched_bytes_ = 0;
  auto head = parse_answer_head(bytes.substr(0, length), keeps_content_fields_);
  if (!head) return broken(head.error());
  head_ = std::move(*head);
  // A server's heads are the same for a second, until their Date changes.
  head_bytes_ = length <= kept_head_bytes_max ? bytes.substr(0, length) : std::string_view();
  input.consume(length);
  return Result::head;
}

AnswerReader::Result AnswerReader::read_body(boost::beast::flat_buffer& input) {
  if (head_.framing == Framing::none) return end();
  if (head_.framing == Framing::length && head_.content_length > body_bytes_max()) {
    return broken(http::error::body_limit);
  }
  std::string_view rest = view_of(input);
  auto result = ChunkedBody::Result::need_more;
  if (head_.framing == Framing::chunked) {
    result = chunks_.read(rest, body_reader_);
  } else {
    const std::uint64_t wanted =
        head_.framing == Framing::length ? head_.content_length - body_bytes_ : std::uint64_t{rest.size()};
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, rest.size()));
    if (body_reader_ != nullptr) body_reader_->read(rest.substr(0, taken));
    rest.remove_prefix(taken);
  }
  body_bytes_ += input.size() - rest.size();
  input.consume(input.size() - rest.size());
  if (result == ChunkedBody::Result::broken) return broken(http::error::bad_chunk);
  if (body_bytes_ > body_bytes_max()) return broken(http::error::body_limit);
  const bool is_whole = head_.framing == Framing::length && body_bytes_ == head_.content_length;
  return is_whole || result == ChunkedBody::Result::end ? end() : Result::need_more;
}

AnswerReader::Result AnswerReader::end_of_stream() {
  return in_body_ && !broken_ && head_.framing == Framing::to_end ? end() : Result::need_more;
}

AnswerReader::Result AnswerReader::end() {
  in_body_ = false;
  return Result::end;
}

AnswerReader::Result AnswerReader::broken(const boost::system::error_code& fault) {
  broken_ = true;
  fault_ = fault;
  return Result::broken;
}

}  // namespace logdist::sink
