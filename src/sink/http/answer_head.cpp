#include "logdist/sink/http/answer_head.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace logdist::sink {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using boost::system::error_code;

/// Longer values of Content-Type and Content-Encoding are not passed on.
constexpr std::size_t content_field_bytes_max = 256;
/// A Retry-After that is longer means nothing; a date has 29.
constexpr std::size_t retry_after_bytes_max = 64;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes a line off `rest`, which has one, without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// Whether others may see two lines, or the end of one, where we see one.
bool is_ambiguous(std::string_view line) { return line.find('\r') != line.npos || line.find('\0') != line.npos; }

/// Calls `take` with each element of a comma-separated list that is not empty.
template <typename Take>
void for_each_element(std::string_view list, Take take) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const std::string_view element = trimmed(list.substr(0, comma)); !element.empty()) take(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

/// Collects what the fields say, line by line.
class HeadParser {
 public:
  explicit HeadParser(bool with_content_fields) : with_content_fields_(with_content_fields) {}

  error_code status_line(std::string_view line);
  error_code field(std::string_view name, std::string_view value);
  boost::system::result<AnswerHead> finish();

 private:
  error_code content_length(std::string_view value);
  error_code transfer_encoding(std::string_view value);
  void connection(std::string_view value);
  static void keep(std::string& field, std::string_view value);
  bool has_body() const { return head_.status >= 200 && head_.status != 204 && head_.status != 304; }

  const bool with_content_fields_;
  AnswerHead head_;
  bool is_http_1_0_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  std::optional<std::uint64_t> length_;
  bool encoded_ = false;  ///< by whatever, chunked included
  bool chunked_ = false;
};

error_code HeadParser::status_line(std::string_view line) {
  constexpr std::string_view protocol = "HTTP/1.";
  if (!line.starts_with(protocol)) return http::error::bad_version;
  line.remove_prefix(protocol.size());
  if (line.size() < 2 || !is_digit(line[0]) || line[1] != ' ') return http::error::bad_version;
  is_http_1_0_ = line[0] == '0';
  line.remove_prefix(1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return http::error::bad_status;
  head_.status = static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
  // A dot is how some servers refine a status: "403.1".
  const bool is_whole = line.size() == 3 || is_blank(line[3]) || line[3] == '.';
  return is_whole && head_.status >= 100 ? error_code() : http::error::bad_status;
}

error_code HeadParser::field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 10:
      if (iequals(name, "Connection")) connection(value);
      return {};
    case 11:
      if (iequals(name, "Retry-After") && value.size() <= retry_after_bytes_max) head_.retry_after = value;
      return {};
    case 12:
      if (with_content_fields_ && iequals(name, "Content-Type")) keep(head_.content_type, value);
      return {};
    case 14: return iequals(name, "Content-Length") ? content_length(value) : error_code();
    case 16:
      if (with_content_fields_ && iequals(name, "Content-Encoding")) keep(head_.content_encoding, value);
      return {};
    case 17: return iequals(name, "Transfer-Encoding") ? transfer_encoding(value) : error_code();
    default: return {};
  }
}

error_code HeadParser::content_length(std::string_view value) {
  bool is_given = false;
  bool is_bad = false;
  for_each_element(value, [&](std::string_view digits) {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t length = 0;
    for (const char digit : digits) {
      is_bad = is_bad || !is_digit(digit);
      const auto units = static_cast<std::uint64_t>(digit - '0');
      length = length > (largest - 9) / 10 ? largest : length * 10 + units;
    }
    is_bad = is_bad || length_.value_or(length) != length;
    is_given = true;
    length_ = length;
  });
  return is_given && !is_bad ? error_code() : http::error::bad_content_length;
}

error_code HeadParser::transfer_encoding(std::string_view value) {
  bool valid = true;
  for_each_element(value, [&](std::string_view coding) {
    if (iequals(coding, "identity")) return;
    valid = valid && !chunked_;  // it is the last one, and once
    encoded_ = true;
    chunked_ = iequals(coding, "chunked");
  });
  return valid ? error_code() : http::error::bad_transfer_encoding;
}

void HeadParser::connection(std::string_view value) {
  for_each_element(value, [&](std::string_view option) {
    close_ = close_ || iequals(option, "close");
    keep_alive_ = keep_alive_ || iequals(option, "keep-alive");
  });
}

void HeadParser::keep(std::string& field, std::string_view value) {
  const bool is_text =
      std::all_of(value.begin(), value.end(), [](char byte) { return (byte >= ' ' && byte <= '~') || byte == '\t'; });
  if (is_text && value.size() <= content_field_bytes_max) field = value;
}

boost::system::result<AnswerHead> HeadParser::finish() {
  if (has_body()) {
    if (encoded_ && length_) return error_code(http::error::bad_transfer_encoding);
    head_.content_length = length_.value_or(0);
    head_.framing = chunked_ ? Framing::chunked : length_ ? Framing::length : Framing::to_end;
    if (head_.framing == Framing::length && head_.content_length == 0) head_.framing = Framing::none;
  }
  // HTTP/1.0 knows no chunks: where they end is for that peer to say, by closing.
  const bool stays = is_http_1_0_ ? keep_alive_ && !encoded_ : true;
  head_.keep_alive = stays && !close_ && head_.framing != Framing::to_end;
  return std::move(head_);
}

}  // namespace

std::size_t find_end_of_head(std::string_view input, std::size_t searched) {
  // An end that has come in part: at most "\n\r".
  std::size_t from = searched - std::min<std::size_t>(searched, 2);
  for (;;) {
    const std::size_t line_feed = input.find('\n', from);
    if (line_feed == std::string_view::npos) return line_feed;
    const std::string_view after = input.substr(line_feed + 1, 2);
    if (after.starts_with('\n')) return line_feed + 2;
    if (after == "\r\n") return line_feed + 3;
    from = line_feed + 1;
  }
}

boost::system::result<AnswerHead> parse_answer_head(std::string_view head, bool with_content_fields) {
  HeadParser parser(with_content_fields);
  const std::string_view status_line = take_line(head);
  error_code error = parser.status_line(status_line);
  if (!error && is_ambiguous(status_line)) error = http::error::bad_line_ending;
  std::string unfolded;
  while (!error && !head.empty()) {
    std::string_view line = take_line(head);
    if (line.empty()) break;
    while (!head.empty() && is_blank(head.front())) {
      if (line.data() != unfolded.data()) unfolded = line;
      unfolded.append(1, ' ').append(take_line(head));
      line = unfolded;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = trimmed(line.substr(0, std::min(colon, line.size())));
    const bool has_controls = std::any_of(
        name.begin(), name.end(), [](char byte) { return static_cast<unsigned char>(byte) < ' ' || byte == '\x7f'; });
    if (is_ambiguous(line)) return error_code(http::error::bad_line_ending);
    if (colon == line.npos || has_controls || is_blank(line.front())) return error_code(http::error::bad_field);
    error = parser.field(name, trimmed(line.substr(colon + 1)));
  }
  if (error) return error;
  return parser.finish();
}

}  // namespace logdist::sink
