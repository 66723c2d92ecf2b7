// discovery.cache: what the sources have given, for a start without them. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "logdist/registry/discovery/answer.hpp"

namespace logdist::registry {

/// Most bytes of the file that are read.
inline constexpr std::size_t cache_bytes_max = std::size_t{16} << 20;

/// JSON; headers of analyzers are in it, which may be secrets.
std::string encode_cache(const config::DiscoveryOptions& options, const KnownSets& known);

/// What it has for the sources of `options` that have the type they had. `error` says what is wrong with the file.
KnownSets decode_cache(std::string_view text, const config::DiscoveryOptions& options, std::string& error);

/// Where it is; empty: there is none.
std::string cache_path(const config::Options& options);

}  // namespace logdist::registry
