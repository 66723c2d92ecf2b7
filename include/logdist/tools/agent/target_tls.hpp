// How the tools speak TLS to an https target.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/system/result.hpp>

#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/tls/client_tls.hpp"

namespace logdist::tools {

/// As given on the command line. What is not has its default from the environment (LOGDIST_CA_FILE,
/// LOGDIST_CERTIFICATE_FILE, LOGDIST_KEY_FILE, LOGDIST_SERVER_NAME), if that is read.
struct TargetTlsOptions {
  std::optional<std::string> ca{};           ///< PEM file; none: the system's CAs
  std::optional<std::string> certificate{};  ///< PEM file with ours, for a target that asks for it
  std::optional<std::string> key{};          ///< of the certificate
  std::optional<std::string> server_name{};  ///< in the target's certificate; none: the url's host
};

/// With what `environment` adds.
TargetTlsOptions with_environment(TargetTlsOptions options, const config::Environment& environment);

/// The target's chain and name are verified, always. Null for an http target; else reads the files, which may block. A
/// line that names the option says what is wrong with them.
boost::system::result<std::shared_ptr<net::ClientTls>, std::string> target_tls(const config::HttpUrl& target,
                                                                               const TargetTlsOptions& options);

}  // namespace logdist::tools
