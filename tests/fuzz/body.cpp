// Any bytes as a body: refused with a place within it, or accepted with messages;
// unchanged, and the same when asked again. The first byte picks the format.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/core/buffer.hpp"

namespace logdist::codec {
namespace {

void decode(Format format, std::string_view bytes) {
  static core::BufferPool pool(std::size_t{1} << 20);
  static Decoder decoder;
  core::Buffer body = pool.take(bytes.size());
  body.append(bytes);

  const DecodeResult first = decoder.decode(format, body);
  LOGDIST_CHECK(body.view() == bytes);
  const std::uint32_t messages = first ? first->messages : 0;
  if (first) {
    LOGDIST_CHECK(messages > 0);
    LOGDIST_CHECK(first->packet_id.empty() || is_valid_id(first->packet_id));
  } else {
    LOGDIST_CHECK(first.error().offset <= bytes.size());
    LOGDIST_CHECK(!first.error().detail.empty());
  }

  const DecodeResult second = decoder.decode(format, body);
  LOGDIST_CHECK(first.has_value() == second.has_value());
  LOGDIST_CHECK(!second || second->messages == messages);
  LOGDIST_CHECK(second || second.error().offset == first.error().offset);
}

}  // namespace
}  // namespace logdist::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logdist::codec::Format;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!bytes.empty()) logdist::codec::decode(bytes.front() == 'n' ? Format::ndjson : Format::json, bytes.substr(1));
  return 0;
}
