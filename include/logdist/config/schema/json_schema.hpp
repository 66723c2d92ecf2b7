// The configuration's keys as a JSON Schema.
//
// A free function without state, thread-safe.
#pragma once

#include <string>

namespace logdist::config {

/// The JSON Schema (draft 7) of the configuration file, for editors; ends with a
/// line feed. config/log-distributor.schema.json is this text.
std::string json_schema();

}  // namespace logdist::config
