// Where the small tools find the daemon's admin port.
#pragma once

#include <optional>
#include <string>

#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"

namespace logdist::tools {

struct AdminUrl {
  config::HttpUrl http;       ///< its host is "localhost" on a unix socket
  std::string socket_path{};  ///< of a unix socket, which is asked in place of host and port

  bool is_unix() const { return !socket_path.empty(); }
};

/// `url`, also `unix:/PATH`, when given, else the first of LOGDIST_ADMIN__LISTEN as a
/// daemon in the same environment would take it, else http://127.0.0.1:8081, by https if
/// LOGDIST_ADMIN__TLS__CERTIFICATE names a file; with `path` behind what path the URL has. An address that means "all"
/// becomes the loopback.
config::Parsed<AdminUrl> admin_url(const std::optional<std::string>& url, const config::Environment& environment,
                                   const std::string& path);

/// For people: `http://HOST:PORT/TARGET`, `https://…`, `unix:/PATH:/TARGET`.
std::string to_string(const AdminUrl& url);

}  // namespace logdist::tools
