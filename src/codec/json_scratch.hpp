// simdjson's memory, which the formats made of JSON share.
#pragma once

#include <new>

#include <simdjson.h>

#include "logdist/codec/decode.hpp"

namespace logdist::codec {

/// A parser whose memory lasts from body to body. Confined to one thread.
struct JsonScratch {
  JsonScratch() { renew(); }

  /// Gives all memory back. To simdjson a depth of 64 means 63 levels, and one
  /// more when it is empty. Its 65 would let an empty 65th level pass; what its 64
  /// refuses wrongly, the strict validator accepts.
  void renew() {
    parser = simdjson::dom::parser();
#ifdef SIMDJSON_THREADS_ENABLED
    parser.threaded = false;
#endif
    if (parser.allocate(0, max_depth) != simdjson::SUCCESS) throw std::bad_alloc();
  }

  simdjson::dom::parser parser;
};

}  // namespace logdist::codec
