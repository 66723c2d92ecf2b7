// The names in a certificate.
#pragma once

#include <openssl/x509.h>

#include "logdist/core/certificate_names.hpp"

namespace logdist::net {

/// At most 100 of each kind. A name with a control character, a zero byte above all, or one that is no UTF-8 is left
/// out: who reads it as far as the zero would take it for another.
core::CertificateNames names_of(const X509& certificate);

}  // namespace logdist::net
