// Any bytes as a request: whole, and with the same content, whether they come at
// once or one by one, and never more of the body than allowed. When a fault is
// noticed may differ: what came at once is looked at sooner.
#include "ingest/request_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/packet/buffer.hpp"

namespace logdist::ingest {
namespace {

using Progress = RequestParser::Progress;
constexpr std::size_t max_body = 4096;

/// Parses the head from ever longer beginnings of `bytes`, each `step` longer.
Progress parse_head(RequestParser& parser, std::string_view bytes, std::size_t step) {
  for (std::size_t size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
    const Progress progress = parser.parse_head(bytes.substr(0, size));
    if (progress != Progress::need_more || size == bytes.size()) return progress;
  }
}

/// Parses chunks that arrive `step` bytes at a time.
Progress parse_chunks(RequestParser& parser, std::string_view bytes, std::size_t step, packet::Buffer& body) {
  std::size_t consumed = 0;
  for (std::size_t size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
    const auto chunks = parser.parse_chunks(bytes.substr(consumed, size - consumed), body, max_body);
    LOGDIST_CHECK(chunks.consumed <= size - consumed);
    LOGDIST_CHECK(body.size() <= max_body);
    consumed += chunks.consumed;
    if (chunks.progress != Progress::need_more || size == bytes.size()) return chunks.progress;
  }
}

void parse(std::string_view bytes) {
  static packet::BufferPool pool(std::size_t{1} << 20);
  RequestParser whole;
  RequestParser pieces;
  const bool complete = parse_head(whole, bytes, bytes.size()) == Progress::complete;
  LOGDIST_CHECK((parse_head(pieces, bytes, 1) == Progress::complete) == complete);
  if (!complete) return;

  LOGDIST_CHECK(whole.head_size() <= bytes.size());
  LOGDIST_CHECK(whole.head_size() == pieces.head_size());
  LOGDIST_CHECK(whole.head().target == pieces.head().target);
  LOGDIST_CHECK(whole.head().content_length == pieces.head().content_length);
  if (!whole.head().chunked) return;

  const std::string_view rest = bytes.substr(whole.head_size());
  packet::Buffer at_once = pool.take(max_body);
  packet::Buffer one_by_one = pool.take(max_body);
  const Progress end = parse_chunks(whole, rest, std::max<std::size_t>(rest.size(), 1), at_once);
  const Progress same_end = parse_chunks(pieces, rest, 1, one_by_one);
  LOGDIST_CHECK((end == Progress::complete) == (same_end == Progress::complete));
  if (end == Progress::complete) LOGDIST_CHECK(at_once.view() == one_by_one.view());
}

}  // namespace
}  // namespace logdist::ingest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  logdist::ingest::parse({reinterpret_cast<const char*>(data), size});
  return 0;
}
