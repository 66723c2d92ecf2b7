#include "ingest/request_parser.hpp"

#include <algorithm>
#include <functional>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "ingest/http_fault.hpp"

namespace logdist::ingest {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

bool has_line_end(const char* begin, const char* end) {
  return std::any_of(begin, end, [](char byte) { return byte == '\r' || byte == '\n'; });
}

}  // namespace

RequestParser::RequestParser() {
  static_assert(max_head_size <= UINT16_MAX);
  header_limit(max_head_size);
  body_limit(boost::none);  // judged by our own rules, with our own answers
}

RequestParser::Progress RequestParser::parse_head(std::string_view bytes) {
  bytes_ = bytes;
  ErrorCode error;
  const std::string_view fresh = bytes.substr(consumed_);
  consumed_ += put({fresh.data(), fresh.size()}, error);
  while (!error && !is_header_done()) {  // the start line is one step, the fields are another
    const std::string_view rest = bytes.substr(consumed_);
    consumed_ += put({rest.data(), rest.size()}, error);
  }
  if (error == http::error::need_more) return Progress::need_more;
  if (error == http::error::header_limit) return Progress::too_large;
  if (error) return malformed(error);
  finish_head();
  return Progress::complete;
}

void RequestParser::finish_head() {
  head_.keep_alive = keep_alive();
  head_.chunked = Base::chunked();
  if (const auto length = Base::content_length()) head_.content_length = *length;
  if (!head_.http_1_1) head_.expects_continue = head_.expects_else = false;
  head_.target = text(target_);
  head_.content_type = text(content_type_);
  head_.content_encoding = text(content_encoding_);
  head_.idempotency_key = text(idempotency_key_);
  for (const TraceSlice& line : trace_) {
    head_.trace.push_back({line.is_state ? "tracestate" : "traceparent", text(line.value)});
  }
}

RequestParser::Chunks RequestParser::parse_chunks(std::string_view bytes, packet::Buffer& body, std::size_t max_body) {
  // Beast 1.81 aborts on an assertion when it sees the last chunk's first three
  // bytes and then only four. So what may be that chunk waits until it is as long;
  // anything else is judged at once.
  constexpr std::string_view last_chunk = "0\r\n\r\n";
  if (bytes.size() < last_chunk.size() && bytes.starts_with('0')) return {};
  body_ = &body;
  max_body_ = max_body;
  eager(true);
  ErrorCode error;
  Chunks chunks;
  chunks.consumed = put({bytes.data(), bytes.size()}, error);
  if (error == http::error::body_limit) {
    chunks.progress = Progress::too_large;
  } else if (error && error != http::error::need_more) {
    chunks.progress = malformed(error);
  } else if (is_done()) {
    chunks.progress = Progress::complete;
  }
  return chunks;
}

RequestParser::Slice RequestParser::slice(Text part) const {
  return {static_cast<std::uint16_t>(part.data() - bytes_.data()), static_cast<std::uint16_t>(part.size())};
}

std::string_view RequestParser::text(Slice slice) const { return bytes_.substr(slice.begin, slice.size); }

std::optional<std::string_view> RequestParser::text(const std::optional<Slice>& slice) const {
  if (!slice) return std::nullopt;
  return text(*slice);
}

void RequestParser::on_request_impl(http::verb verb, Text, Text target, int version, ErrorCode&) {
  head_.is_post = verb == http::verb::post;
  head_.is_head = verb == http::verb::head;
  head_.http_1_1 = version == 11;
  target_ = slice(target);
}

void RequestParser::on_field_impl(Field field, Text name, Text value, ErrorCode& error) {
  if (head_done_) return;  // a trailer changes nothing that was decided by the head
  // Beast joins folded lines, in a buffer of its own when it must: the value then
  // lies elsewhere, or behind a line end.
  const char* const end = bytes_.data() + bytes_.size();
  const bool in_place = std::less_equal<>()(name.end(), value.data()) && std::less_equal<>()(value.data(), end);
  if (!in_place || has_line_end(name.end(), value.data())) {
    return refuse(http_fault::folded_field, error);
  }
  take_field(field, value, error);
  if (field != Field::unknown) return;
  if (iequals(name, "idempotency-key")) {
    take_once(idempotency_key_, value, http_fault::two_idempotency_keys, error);
  } else if (iequals(name, "traceparent") || iequals(name, "tracestate")) {
    if (trace_.size() < trace_.capacity()) trace_.push_back({name.size() == 10, slice(value)});
  }
}

void RequestParser::take_field(Field field, Text value, ErrorCode& error) {
  switch (field) {
    case Field::host:
      if (host_) refuse(http_fault::two_hosts, error);
      host_ = true;
      break;
    case Field::transfer_encoding:
      if (!iequals(value, "chunked")) refuse(http_fault::other_coding, error);
      transfer_encoding_ = true;
      break;
    case Field::content_length: content_length_ = true; break;
    case Field::content_type: take_once(content_type_, value, http_fault::two_content_types, error); break;
    case Field::content_encoding: take_once(content_encoding_, value, http_fault::two_content_encodings, error); break;
    case Field::expect: (iequals(value, "100-continue") ? head_.expects_continue : head_.expects_else) = true; break;
    default: break;
  }
}

void RequestParser::take_once(std::optional<Slice>& place, Text value, std::string_view fault_if_taken,
                              ErrorCode& error) {
  if (place) refuse(fault_if_taken, error);
  place = slice(value);
}

/// Any error stops Beast; ours has its own sentence.
void RequestParser::refuse(std::string_view fault, ErrorCode& error) {
  fault_ = fault;
  error = http::error::bad_field;
}

RequestParser::Progress RequestParser::malformed(const ErrorCode& error) {
  // Beast says of the second of these two that its value is bad.
  const bool two_framings = (error == http::error::bad_content_length && transfer_encoding_) ||
                            (error == http::error::bad_transfer_encoding && content_length_);
  if (fault_.empty()) fault_ = two_framings ? http_fault::two_framings : http_fault::sentence_of(error);
  return Progress::malformed;
}

void RequestParser::on_header_impl(ErrorCode& error) {
  head_done_ = true;
  if (head_.http_1_1 && !host_) refuse(http_fault::no_host, error);
  if (!head_.http_1_1 && transfer_encoding_) refuse(http_fault::coding_in_http_1_0, error);
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) {}

std::size_t RequestParser::on_body_impl(Text bytes, ErrorCode&) { return bytes.size(); }

void RequestParser::on_chunk_header_impl(std::uint64_t size, Text, ErrorCode& error) {
  if (size > max_body_ - body_->size()) error = http::error::body_limit;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode&) {
  body_->append(bytes);
  return bytes.size();
}

void RequestParser::on_finish_impl(ErrorCode&) {}

}  // namespace logdist::ingest
