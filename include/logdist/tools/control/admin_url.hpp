// Where the small tools find the daemon's admin port.
#pragma once

#include <optional>
#include <string>

#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"

namespace logdist::tools {

/// `url` when given, else LOGDIST_ADMIN__LISTEN as a daemon in the same
/// environment would take it, else http://127.0.0.1:8081; with `path` behind
/// what path the URL has. An address that means "all" becomes the loopback.
config::Parsed<config::HttpUrl> admin_url(const std::optional<std::string>& url, const config::Environment& environment,
                                          const std::string& path);

}  // namespace logdist::tools
