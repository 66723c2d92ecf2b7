// The Host header (RFC 9110, 7.2) of the requests that the small tools send.
#pragma once

#include <string>

#include "logdist/config/text.hpp"

namespace logdist::app {

inline std::string host_header(const config::HttpUrl& url) {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  return url.port == "80" ? host : host + ":" + url.port;
}

}  // namespace logdist::app
