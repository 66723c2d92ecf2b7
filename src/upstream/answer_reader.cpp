#include "upstream/answer_reader.hpp"

#include <algorithm>

#include "upstream/answer_fault.hpp"

namespace logdist::upstream {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view protocol = "HTTP/1.";
constexpr std::string_view end_of_head = "\r\n\r\n";
/// The least that is yet to come while a chunked body is not over: "0\r\n\r\n".
constexpr std::size_t min_chunked_rest_bytes = 5;

std::string_view view_of(const boost::beast::flat_buffer& input) {
  return {static_cast<const char*>(input.data().data()), input.size()};
}

}  // namespace

AnswerParser::AnswerParser() {
  eager(true);
  header_limit(max_answer_head_bytes);
  body_limit(max_answer_body_bytes);
}

void AnswerParser::on_response_impl(int code, string_view, int, error_code& error) {
  if (code < 100) error = http::error::bad_status;  // any three digits will do for Beast
  status_ = static_cast<unsigned>(code);
}

void AnswerParser::on_field_impl(field name, string_view, string_view value, error_code&) {
  if (name != field::retry_after || head_done_ || value.size() > retry_after_.max_size()) return;
  retry_after_.assign(value.data(), value.size());
}

AnswerReader::Result AnswerReader::read(boost::beast::flat_buffer& input) {
  if (parser_ && parser_->is_done()) parser_.reset();
  for (;;) {
    const Result result = parser_ ? read_body(input) : read_head(input);
    if (result != Result::answer) return result;
    if (parser_->status() >= 200) return take_answer();
    // Nobody asked for another protocol (101).
    if (parser_->status() == 101) return broken(make_error_code(AnswerFault::other_protocol));
    if (++interim_answers_ > max_interim_answers) return broken(http::error::bad_status);
    parser_.reset();
  }
}

// Beast sees a head only once it is here in full: given a part, Beast 1.81 reads
// its fields again with the rest, and a Transfer-Encoding read twice is an error
// to it.
AnswerReader::Result AnswerReader::read_head(boost::beast::flat_buffer& input) {
  const std::string_view bytes = view_of(input);
  const std::string_view start = bytes.substr(0, protocol.size());
  if (start != protocol.substr(0, start.size())) return broken(http::error::bad_version);
  const std::size_t overlap = std::min(searched_bytes_, end_of_head.size() - 1);
  if (bytes.find(end_of_head, searched_bytes_ - overlap) == std::string_view::npos) {
    searched_bytes_ = bytes.size();
    return bytes.size() < max_answer_head_bytes ? Result::need_more : broken(http::error::header_limit);
  }
  searched_bytes_ = 0;
  parser_.emplace();
  return put(input);
}

// Fewer bytes than the rest of a chunked body must have are kept back: Beast
// 1.81 takes for granted that it never sees fewer.
AnswerReader::Result AnswerReader::read_body(boost::beast::flat_buffer& input) {
  const bool too_few = input.size() == 0 || (parser_->chunked() && input.size() < min_chunked_rest_bytes);
  return too_few ? Result::need_more : put(input);
}

AnswerReader::Result AnswerReader::put(boost::beast::flat_buffer& input) {
  boost::beast::error_code error;
  input.consume(parser_->put(input.data(), error));
  if (error == http::error::need_more) error = {};
  if (error) return broken(error);
  if (parser_->is_done()) return Result::answer;
  return input.size() < max_unparsed_bytes ? Result::need_more : broken(http::error::buffer_overflow);
}

AnswerReader::Result AnswerReader::end_of_stream() {
  if (!parser_ || parser_->is_done()) return Result::need_more;
  boost::beast::error_code error;
  parser_->put_eof(error);
  return error ? Result::need_more : take_answer();
}

AnswerReader::Result AnswerReader::broken(const boost::system::error_code& fault) {
  fault_ = fault;
  return Result::broken;
}

AnswerReader::Result AnswerReader::take_answer() {
  interim_answers_ = 0;
  answer_ = {parser_->status(), parser_->keep_alive(), parser_->retry_after()};
  return Result::answer;
}

}  // namespace logdist::upstream
