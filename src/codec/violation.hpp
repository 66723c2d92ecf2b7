// A rule that the values of a body broke.
#pragma once

#include <string>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// The sentence and the reason, not the place.
struct Violation {
  DecodeErrorCode code = DecodeErrorCode::invalid_body;
  std::string detail;
};

}  // namespace logdist::codec
