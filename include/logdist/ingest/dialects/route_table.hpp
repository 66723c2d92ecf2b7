// What the packet port takes where, and how it answers there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "logdist/codec/decode.hpp"
#include "logdist/core/content_coding.hpp"
#include "logdist/core/protocol.hpp"
#include "logdist/http/request_parser.hpp"

namespace logdist::ingest {

/// How answers are written.
enum class Dialect : std::uint8_t {
  packet,  ///< 202 with the packet's id, errors as problem+json (RFC 9457)
  otlp_json,
  otlp_protobuf,
  loki,
  hec,
  elasticsearch,
  datadog,
  gelf,
  journal,
  firehose,
  logplex,
  events,  ///< as `packet`, but always 200
};

/// Answers that say always the same, or whether packets are taken.
enum class Canned : std::uint8_t {
  none,  ///< the row is of packets
  elastic_info,
  elastic_license,
  elastic_xpack,
  elastic_health,
  elastic_nodes,
  elastic_found,         ///< whatever is asked for is there already
  elastic_acknowledged,  ///< whatever is set up is set up
  elastic_refreshed,     ///< all that was sent can be searched
  hec_health,
  hec_ack,
  loki_ready,
  datadog_validate,
};

/// The methods of a row.
using Methods = std::uint8_t;
namespace methods {
inline constexpr Methods get = 1;  ///< and HEAD
inline constexpr Methods post = 2;
inline constexpr Methods put = 4;
}  // namespace methods

/// A kind of request, and all that differs between the protocols before the body is read.
struct Route {
  Methods methods = methods::post;
  std::string_view path;             ///< `*` is any one segment; at the end `**` is any more, or none
  std::string_view media_type = {};  ///< in lower case; empty: any, or none
  core::Protocol protocol = core::Protocol::packet;
  Dialect dialect = Dialect::packet;
  Canned canned = Canned::none;
  codec::Format format = codec::Format::json;
  /// Of a body that names none.
  core::ContentCoding default_coding = core::ContentCoding::identity;
  bool goes_along = true;              ///< Packet-Target, and the headers of kept_header()
  std::string_view id_header = {};     ///< in lower case: its value stays over a client's retries, and is the packet id
  std::string_view count_header = {};  ///< in lower case: says how many messages there are
  /// Where there is no room for it, it waits and does not fail. A body without Content-Encoding becomes many packets,
  /// while it is received.
  bool is_upload = false;
};

/// Whether it tells only that the port is there, and so is answered to everybody.
constexpr bool is_open(Canned canned) { return canned == Canned::hec_health || canned == Canned::loki_ready; }

/// The rows in force. Immutable; safe to share between threads.
class RouteTable {
 public:
  /// With the rows of these protocols.
  explicit RouteTable(core::ProtocolSet protocols);

  struct Found {
    const Route* route = nullptr;    ///< that takes the request
    const Route* of_path = nullptr;  ///< else one with its path, its method if there is one, and then its type
    bool takes_method = false;       ///< the path has rows with that method
    Methods methods = 0;             ///< of all rows with the path
  };
  /// The path decides first, then the method, then the media type. Allocates nothing.
  Found find(http::Method method, std::string_view path, std::string_view media_type) const;

  /// A sentence that names the paths there are.
  const std::string& paths_text() const { return paths_text_; }

 private:
  const core::ProtocolSet protocols_;
  std::string paths_text_;
};

/// The coding of a body of that protocol and media type that names none.
core::ContentCoding default_coding(core::Protocol protocol, std::string_view media_type);

/// As in `Allow`: `GET, HEAD, POST`; with `OPTIONS` behind them if asked for.
std::string allow_text(Methods methods, bool with_options = false);

}  // namespace logdist::ingest
