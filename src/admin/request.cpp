#include "admin/request.hpp"

#include <algorithm>
#include <utility>

namespace logdist::admin {
namespace {

constexpr logdist::http::Error other_expectation{417, "the only expectation supported is 100-continue"};

std::optional<std::string> to_string(const std::optional<std::string_view>& text) {
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

RequestReader::Step RequestReader::read(std::string_view bytes) {
  std::size_t consumed = head_done_ ? 0 : read_head(bytes);
  if (head_done_ && progress_ == Progress::need_more) {
    const std::string_view rest = bytes.substr(consumed);
    consumed += parser_.chunked() ? read_chunks(rest) : read_body(rest);
  }
  return {progress_, consumed};
}

bool RequestReader::take_expectation() { return head_done_ && std::exchange(continue_wanted_, false); }

std::size_t RequestReader::fail(const logdist::http::Error& error) {
  error_ = error;
  progress_ = Progress::failed;
  return 0;
}

std::size_t RequestReader::read_head(std::string_view bytes) {
  const Progress progress = parser_.parse(bytes);
  if (progress == Progress::failed) return fail(parser_.error());
  if (progress == Progress::need_more) return 0;
  const logdist::http::RequestHead head = parser_.head(bytes);
  if (head.expects_other) return fail(other_expectation);
  if (head.content_length.value_or(0) > max_body_) return fail(logdist::http::errors::large_body);
  head_done_ = true;
  continue_wanted_ = head.expects_continue;
  body_unread_ = static_cast<std::size_t>(head.content_length.value_or(0));
  request_.method = head.method;
  request_.path = head.path;
  request_.authority = head.authority;
  request_.content_type = to_string(head.content_type);
  request_.origin = to_string(head.origin);
  request_.authorization = to_string(head.field("authorization"));
  request_.cookies = to_string(head.field("cookie"));
  request_.http_1_1 = head.http_1_1;
  request_.keep_alive = head.keep_alive;
  return parser_.head_size();
}

std::size_t RequestReader::read_chunks(std::string_view bytes) {
  std::size_t consumed = 0;
  while (consumed < bytes.size() && progress_ == Progress::need_more) {
    const logdist::http::ChunkDecoder::Step step = chunks_.decode(bytes.substr(consumed));
    request_.body += step.data;
    consumed += step.consumed;
    progress_ = step.progress;
  }
  if (progress_ == Progress::failed) fail(chunks_.error());
  return consumed;
}

std::size_t RequestReader::read_body(std::string_view bytes) {
  const std::size_t size = std::min(body_unread_, bytes.size());
  request_.body += bytes.substr(0, size);
  body_unread_ -= size;
  if (body_unread_ == 0) progress_ = Progress::complete;
  return size;
}

}  // namespace logdist::admin
