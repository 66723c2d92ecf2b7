// Who a certificate is for.
#pragma once

#include <string>
#include <vector>

namespace logdist::core {

/// The names in a peer's certificate that was verified. A plain value.
struct CertificateNames {
  std::string common_name;             ///< of the subject; empty when there is none, or more than one
  std::vector<std::string> dns_names;  ///< subject alternative names, as they are written there
  std::vector<std::string> uris;       ///< likewise
};

}  // namespace logdist::core
