// Validates a body in full and counts its messages, with simdjson.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/packet/buffer.hpp"

namespace logdist::packet {

/// How the messages are laid out in the body.
enum class Format { json, ndjson };

/// Deepest nesting of arrays and objects accepted.
inline constexpr std::size_t max_depth = 64;
/// Longest packet_id accepted.
inline constexpr std::size_t max_id_length = 128;

/// Whether `id` is 1–128 visible ASCII characters (0x21–0x7e).
bool is_valid_id(std::string_view id);

/// What was found in a valid body.
struct Decoded {
  std::uint32_t messages = 0;
  std::string_view packet_id;  ///< empty when the body has none; valid until the next decode
};

/// Why a body was refused: a sentence for people, with the byte offset of the fault.
struct DecodeError {
  std::string detail;
  std::size_t offset = 0;
};

/// Either of the two.
using DecodeResult = boost::system::result<Decoded, DecodeError>;

/// A reusable decoder. Keeps simdjson's scratch memory between bodies, but gives
/// it back after an unusually large one. Confined to one thread.
class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Full validation of `body` (RFC 8259 and UTF-8, at most `max_depth` levels)
  /// and the rules of the packet port: for `json` an object with a non-empty
  /// array `messages` of objects or strings, or such an array bare; for `ndjson`
  /// one JSON value a non-empty line. `packet_id`, `agent_id` and `messages`
  /// given twice, or of the wrong type, are faults. Leaves the bytes as they are.
  DecodeResult decode(Format format, const Buffer& body);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace logdist::packet
