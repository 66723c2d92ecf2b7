// Validates a body in full and counts its messages.
//
// A format is one decoder (src/codec/format_decoder.hpp); whoever asks knows which one it is. All
// work on bytes alone: a whole body in place, or the pieces of one that is never there as a whole.
//
// For JSON, two readers share the work. The fast one, on simdjson's first stage, only ever
// says yes. What it does not like, a streaming parser (Boost.JSON) checks again: it names the
// fault and its byte, or accepts what the fast one leaves to it, such as a key with an escape.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/core/buffer.hpp"

namespace logdist::codec {

/// How the messages are laid out in the body.
enum class Format : std::uint8_t {
  json,               ///< a packet, or an array of messages
  ndjson,             ///< a JSON value a line
  cloud_event,        ///< structured: one object
  cloud_event_batch,  ///< an array of them, which may be empty
  otlp_protobuf,      ///< ExportLogsServiceRequest; a message is a log record
  otlp_json,
  loki_protobuf,  ///< PushRequest, without its snappy; a message is an entry
  loki_json,
  hec_event,   ///< JSON values in a row, or an array, each with an `event`
  lines,       ///< a non-empty line is a message: HEC raw, plain text
  bulk,        ///< `_bulk`: pairs of lines; a message is an action
  datadog,     ///< an array of objects, or one object
  gelf,        ///< objects in a row
  journal,     ///< entries of systemd's journal export format
  firehose,    ///< a message is a record, and not opened
  logplex,     ///< octet-counted frames
  events,      ///< JSON: an object, an array, objects in a row, or an array under a key such as `logs`
  events_any,  ///< `events` or `lines`, by its first byte
};
inline constexpr std::size_t format_count = 18;

/// What a `_bulk` action does.
enum class BulkAction : std::uint8_t { index, create, update, remove };

/// Equal actions in a row.
struct BulkActions {
  BulkAction action = BulkAction::index;
  std::uint32_t count = 0;
};

/// Deepest nesting of arrays and objects accepted.
inline constexpr std::size_t max_depth = 64;
/// Longest packet_id accepted.
inline constexpr std::size_t max_id_length = 128;

/// Whether `id` is 1–128 visible ASCII characters (0x21–0x7e).
bool is_valid_id(std::string_view id);

/// What was found in a valid body. What it refers to is valid until the next decode, while the body is as it was.
struct Decoded {
  std::uint32_t messages = 0;                 ///< 0: of a format in which an empty body is a success, and no packet
  std::string_view packet_id = {};            ///< empty when the body has none
  std::span<const BulkActions> actions = {};  ///< of a `_bulk` body, in order
};

/// Which rule a refused body broke; the reasons of the packet port tell them apart.
enum class DecodeErrorCode : std::uint8_t {
  invalid_body,       ///< not JSON, or not the layout of a packet
  invalid_packet_id,  ///< `packet_id` is no string of 1–128 visible ASCII characters
  no_data,            ///< nothing is there, and the format does not take that
  event_missing,      ///< HEC: a value without `event`
  event_blank,        ///< HEC: an `event` that is empty
  too_many,           ///< more messages than the format allows in a body
};

/// Why a body was refused: a sentence for people, and the byte of the body where
/// the fault is: the first byte that cannot be, or of the value that may not be;
/// the body's size when it ends too early. The sentence does not repeat the byte.
struct DecodeError {
  DecodeErrorCode code = DecodeErrorCode::invalid_body;
  std::string detail;
  std::size_t offset = 0;
  std::uint32_t message = 0;  ///< messages before the one that is refused
};

/// Either of the two.
using DecodeResult = boost::system::result<Decoded, DecodeError>;

/// Reads one body piece by piece, in memory that does not grow with it. Finds what Decoder::decode()
/// finds, but for the offset of an error: that is the byte at which it shows, which may be
/// behind the first byte of a value that is refused.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  /// The next bytes. False: no more are needed, finish() tells the error.
  virtual bool feed(std::string_view piece) = 0;
  /// The body has ended, or feed() has said false. `packet_id` is valid while the reader lives.
  virtual DecodeResult finish() = 0;

 protected:
  BodyReader() = default;
};

class FormatDecoder;

/// The decoders of all formats, reusable. They share simdjson's scratch memory, which is kept
/// between bodies (4 bytes a byte of the largest), but given back after one of more than
/// `max_kept_body`. Confined to one thread.
class Decoder {
 public:
  /// The largest body whose scratch memory is kept for the next.
  static constexpr std::size_t max_kept_body = std::size_t{1} << 20;

  Decoder();
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Full validation of `body` (RFC 8259 and UTF-8, at most `max_depth` levels)
  /// and the rules of the packet port: for `json` an object with a non-empty
  /// array `messages` of objects or strings, or such an array bare; for `ndjson`
  /// one JSON value a non-empty line. `packet_id`, `agent_id` and `messages`
  /// given twice, or of the wrong type, are faults; keys compare unescaped.
  /// Numbers may be of any size, but no exponent beyond ±2^31. Leaves the bytes
  /// as they are.
  DecodeResult decode(Format format, const core::Buffer& body);

  /// For one body that comes in pieces. Independent of this decoder and of other readers.
  std::unique_ptr<BodyReader> in_pieces(Format format) const;

  /// Bytes of the largest body that the kept scratch memory serves; 0 after an
  /// unusually large one.
  std::size_t kept_capacity() const;

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
  std::array<std::unique_ptr<FormatDecoder>, format_count> formats_;  ///< by Format
};

}  // namespace logdist::codec
