// Any bytes as a request: whole, and with the same content, whether they come at
// once or one by one, with the same fault, and never more of the body than allowed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/http/authority.hpp"
#include "logdist/http/chunk_decoder.hpp"
#include "logdist/http/media_type.hpp"
#include "logdist/http/request_parser.hpp"

namespace logdist::http {
namespace {

constexpr std::size_t max_body = 4096;
constexpr std::string_view via_name = "log-distributor-0123456789abcdef";

/// Parses the head from ever longer beginnings of `bytes`, each `step` longer.
Progress parse_head(RequestParser& parser, std::string_view bytes, std::size_t step) {
  for (std::size_t size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
    const Progress progress = parser.parse(bytes.substr(0, size));
    if (progress != Progress::need_more || size == bytes.size()) return progress;
  }
}

struct Decoded {
  Progress progress = Progress::need_more;
  std::size_t consumed = 0;
  std::string body;
  std::string_view fault;
};

/// Decodes chunks that arrive `step` bytes at a time.
Decoded decode(std::string_view bytes, std::size_t step) {
  ChunkDecoder decoder(max_body);
  Decoded decoded;
  for (std::size_t at = 0; at < bytes.size() && decoded.progress == Progress::need_more; at += step) {
    for (std::string_view piece = bytes.substr(at, step); !piece.empty();) {
      const ChunkDecoder::Step taken = decoder.decode(piece);
      LOGDIST_CHECK(taken.consumed > 0 && taken.consumed <= piece.size());
      decoded.progress = taken.progress;
      decoded.consumed += taken.consumed;
      decoded.body += taken.data;
      if (decoded.progress != Progress::need_more) break;
      piece.remove_prefix(taken.consumed);
    }
  }
  decoded.fault = decoder.error().detail;
  return decoded;
}

void check_head(const RequestHead& head, const RequestHead& same) {
  LOGDIST_CHECK(head.method == same.method);
  LOGDIST_CHECK(head.path == same.path);
  LOGDIST_CHECK(head.authority == same.authority);
  LOGDIST_CHECK(head.content_length == same.content_length);
  LOGDIST_CHECK(head.fields == same.fields);
  LOGDIST_CHECK(parse_authority(head.authority).has_value());
  LOGDIST_CHECK(!(head.chunked && head.content_length));
  LOGDIST_CHECK(head.field("host").has_value() || !head.http_1_1);
  if (head.content_type) (void)is_utf_8(*head.content_type);
}

void parse(std::string_view bytes) {
  RequestParser whole(via_name);
  RequestParser pieces(via_name);
  const Progress progress = parse_head(whole, bytes, bytes.size());
  LOGDIST_CHECK(parse_head(pieces, bytes, 1) == progress);
  LOGDIST_CHECK(whole.error().detail == pieces.error().detail);
  if (progress != Progress::complete) return;

  LOGDIST_CHECK(whole.head_size() <= bytes.size());
  LOGDIST_CHECK(whole.head_size() == pieces.head_size());
  check_head(whole.head(bytes), pieces.head(bytes));
  if (!whole.chunked()) return;

  const std::string_view rest = bytes.substr(whole.head_size());
  const Decoded at_once = decode(rest, std::max<std::size_t>(rest.size(), 1));
  const Decoded one_by_one = decode(rest, 1);
  LOGDIST_CHECK(at_once.progress == one_by_one.progress);
  LOGDIST_CHECK(at_once.consumed == one_by_one.consumed);
  LOGDIST_CHECK(at_once.body == one_by_one.body);
  LOGDIST_CHECK(at_once.fault == one_by_one.fault);
  LOGDIST_CHECK(at_once.body.size() <= max_body);
}

}  // namespace
}  // namespace logdist::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  logdist::http::parse({reinterpret_cast<const char*>(data), size});
  return 0;
}
