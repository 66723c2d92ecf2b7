// Judges a request by its head alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/system/result.hpp>

#include "logdist/base/outcome.hpp"
#include "logdist/http/request_parser.hpp"
#include "logdist/packet/decode.hpp"

namespace logdist::ingest {

/// Longest Content-Type that is passed on to an analyzer.
inline constexpr std::size_t max_content_type_size = 256;

/// Why a request is answered with an error, and how.
struct Refusal {
  RejectReason reason = RejectReason::malformed_http;
  unsigned status = 400;
  std::string_view detail;          ///< a sentence for people
  bool close = false;               ///< the connection is of no more use
  std::string_view allow = "POST";  ///< the methods that a 405 names
};

/// The answer to every new packet while we drain.
Refusal draining_refusal();

/// The answer to a request that cannot be read.
Refusal refusal_of(const http::Error& error);

/// What packets the port takes just now.
struct Policy {
  std::size_t max_body = 0;
  bool draining = false;
};

/// What a request is for.
enum class Purpose : std::uint8_t {
  packet,
  health,   ///< whether we are alive
  options,  ///< what methods there are
};

struct Admissible {
  Purpose purpose = Purpose::packet;
  packet::Format format = packet::Format::json;  ///< of a packet
};

/// Either of the two: what to do, or the refusal.
using Judgement = boost::system::result<Admissible, Refusal>;

/// Whether the body behind this head is welcome. Without state, allocates nothing.
Judgement judge(const http::RequestHead& head, const Policy& policy);

}  // namespace logdist::ingest
