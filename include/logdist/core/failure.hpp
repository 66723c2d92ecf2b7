// Why an attempt or a probe failed.
#pragma once

#include <boost/system/error_code.hpp>

#include "logdist/base/outcome.hpp"

namespace logdist::core {

/// A failure as a value, which allocates nothing; telemetry::in_words() makes it text.
struct Failure {
  Outcome outcome = Outcome::unsent;  ///< one that is_analyzer_failure()
  unsigned status = 0;                ///< of the HTTP answer, 0 without a whole one
  boost::system::error_code error;    ///< of the system, the name look-up or the HTTP parser, if it was one
  bool of_probe = false;
};

}  // namespace logdist::core
