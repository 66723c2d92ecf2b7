// What an analyzer has answered, for the agent.
#pragma once

#include <string>

namespace logdist::core {

/// A whole answer of success to a packet whose agent wants it (Packet::answer_bytes_max).
struct AnalyzerAnswer {
  unsigned status = 200;
  std::string content_type;      ///< empty: it had none
  std::string content_encoding;  ///< likewise
  std::string body;
};

}  // namespace logdist::core
