// SRV records by the system's resolver.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/base/time.hpp"
#include "logdist/registry/discovery/parsers.hpp"

namespace logdist::registry {

struct SrvAnswer {
  std::vector<SrvRecord> records;
  Duration ttl{};             ///< the least of theirs
  bool name_is_gone = false;  ///< so says its server; then there are no records
};

/// Looks `name` up, which blocks: for some ten seconds where no server answers. A name that exists without records has
/// an answer without records; the error is the end of a sentence. Thread-safe.
boost::system::result<SrvAnswer, std::string> look_up_srv(const std::string& name);

/// What a message of DNS says, likewise. Pure.
boost::system::result<SrvAnswer, std::string> parse_srv(std::span<const unsigned char> message);

}  // namespace logdist::registry
