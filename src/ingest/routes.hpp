// Judges a request by its head alone.
#pragma once

#include <cstddef>
#include <string_view>

#include <boost/system/result.hpp>

#include "ingest/request_parser.hpp"
#include "logdist/base/outcome.hpp"
#include "logdist/packet/decode.hpp"

namespace logdist::ingest {

/// Why a request is answered with an error, and how.
struct Refusal {
  RejectReason reason = RejectReason::malformed_http;
  unsigned status = 400;
  std::string_view detail;  ///< a sentence for people
  bool close = false;       ///< the connection is of no more use
};

/// The answer to every new packet while we drain.
Refusal draining_refusal();

/// What packets the port takes just now.
struct Policy {
  std::size_t max_body = 0;
  bool draining = false;
};

/// Either of the two: the body's format, or the refusal.
using Judgement = boost::system::result<packet::Format, Refusal>;

/// Whether the body behind this head is welcome. Without state, allocates nothing.
Judgement judge(const RequestHead& head, const Policy& policy);

}  // namespace logdist::ingest
