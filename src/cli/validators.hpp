// What the options of the command line may be given, as validators of CLI11.
//
// Free functions without state. What is wrong is said as for a key of the configuration. What a validator sets
// outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "logdist/base/time.hpp"

namespace logdist::cli {

/// Also turns `5ms` into what its Duration is set to.
CLI::Validator duration(Duration& target);
/// Of what duration() has read just before.
CLI::Validator at_least(Duration low, const Duration& value);
CLI::Validator within(double low, double high);
CLI::Validator at_least_one();
/// Sets `target` to the time that the text names, in nanoseconds since 1970.
CLI::Validator time_of(std::optional<std::int64_t>& target);

}  // namespace logdist::cli
