// Judges a request by its head alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/base/outcome.hpp"
#include "logdist/core/content_coding.hpp"
#include "logdist/http/request_parser.hpp"
#include "logdist/ingest/dialects/route_table.hpp"

namespace logdist::ingest {

/// Longest Content-Type that is passed on to an analyzer.
inline constexpr std::size_t max_content_type_size = 256;

/// Why a request is answered with an error, and how.
struct RequestError {
  RejectReason reason = RejectReason::malformed_http;
  unsigned status = 400;
  std::string_view detail;       ///< a sentence for people
  bool close = false;            ///< the connection is of no more use
  Methods allow = 0;             ///< the methods that a 405 names
  bool names_codings = false;    ///< it is about the Content-Encoding: those that are taken are named
  const Route* route = nullptr;  ///< of the path, as far as it is known: says how it is answered
};

/// The answer to every new packet while we drain.
RequestError draining_error();

/// The answer to a request that cannot be read.
RequestError error_of(const http::Error& error);

/// What packets the port takes just now.
struct Policy {
  const RouteTable& routes;
  std::size_t max_body = 0;
  bool draining = false;
  bool acks = false;  ///< acknowledgements of HEC are on
};

/// What a request is for.
enum class Purpose : std::uint8_t {
  packet,
  canned,   ///< an answer that a protocol's clients want
  acks,     ///< which packets of a channel are delivered: its body names them
  health,   ///< whether we are alive
  options,  ///< what methods there are
};

struct Admissible {
  Purpose purpose = Purpose::packet;
  const Route* route = nullptr;  ///< of a packet, of acks, and of a canned answer
  core::ContentCoding coding = core::ContentCoding::identity;
  Methods allow = 0;  ///< of options
};

/// What to do, or why the request is refused.
using Result = boost::system::result<Admissible, RequestError>;

/// Whether the body behind this head is welcome. Without state, allocates nothing for a packet.
Result validate_request(const http::RequestHead& head, const Policy& policy);

}  // namespace logdist::ingest
