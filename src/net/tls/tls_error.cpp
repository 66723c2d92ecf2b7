#include "logdist/net/tls/tls_error.hpp"

#include <string>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <boost/asio/error.hpp>

namespace logdist::net {
namespace {

using boost::system::error_code;

// One number for three vocabularies: ours, those of X.509, and OpenSSL's own, whose library is in the upper bits.
constexpr int x509_base = 1'000;
constexpr int openssl_base = 1 << ERR_LIB_OFFSET;

/// Of the reasons that are met most; null: as OpenSSL puts it.
const char* text_of_ssl(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST: return "the peer speaks plain HTTP, not TLS";
    case SSL_R_WRONG_VERSION_NUMBER: return "what the peer sends is no TLS, or of another version";
    case SSL_R_UNSUPPORTED_PROTOCOL: return "the peer speaks only versions of TLS below min_version";
    case SSL_R_NO_SHARED_CIPHER: return "no cipher that both sides accept";
    case SSL_R_NO_APPLICATION_PROTOCOL: return "the peer's protocols (ALPN) do not include http/1.1";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the peer has sent no certificate";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE: return "the peer does not accept our certificate: it is bad";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "the peer does not accept our certificate: it has expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return "the peer does not accept our certificate: it is revoked";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: return "the peer does not accept our certificate";
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: return "the peer does not accept our kind of certificate";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "the peer does not accept our certificate: it does not know its CA";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return "the peer asks for our certificate, and we have none";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return "the peer does not accept our versions of TLS";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return "the peer accepts nothing that we offer (handshake failure)";
    default: return nullptr;
  }
}

std::string text_of_x509(int result) {
  switch (result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the certificate is of an unknown CA, or its chain has a gap";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "the certificate is signed by itself, and is no known CA";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "the certificate is signed by another CA of the same name";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return "the certificate's CA is not known";
    case X509_V_ERR_HOSTNAME_MISMATCH: return "the certificate is for another name";
    case X509_V_ERR_APPLICATION_VERIFICATION: return "the certificate has no subject alternative name";  // ClientTls
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the certificate is for another IP address";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "the certificate is not valid yet";
    case X509_V_ERR_EE_KEY_TOO_SMALL: return "the certificate's key is too weak";
    case X509_V_ERR_CA_KEY_TOO_SMALL: return "the key of the certificate's CA is too weak";
    case X509_V_ERR_CA_MD_TOO_WEAK: return "the certificate's signature is too weak";
    default: return std::string("the certificate is not accepted: ") + X509_verify_cert_error_string(result);
  }
}

std::string text_of_ours(TlsError error) {
  switch (error) {
    case TlsError::closed: return "the peer closed the connection amid the handshake";
    case TlsError::too_many_handshakes: return "too many handshakes are under way (max_handshakes)";
    case TlsError::made_room: return "it had stalled while others waited for its place (max_handshakes)";
  }
  return "unknown";
}

// Nobody deletes a category, so Boost gave the base class no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class TlsCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }

  std::string message(int value) const override {
    if (value >= openssl_base) {
      const auto packed = static_cast<unsigned long>(value);
      const char* text = ERR_GET_LIB(packed) == ERR_LIB_SSL ? text_of_ssl(ERR_GET_REASON(packed)) : nullptr;
      if (text == nullptr) text = ERR_reason_error_string(packed);
      return text != nullptr ? text : "TLS error " + std::to_string(value);
    }
    return value >= x509_base ? text_of_x509(value - x509_base) : text_of_ours(static_cast<TlsError>(value));
  }
};

#pragma GCC diagnostic pop

bool is_alert_on_certificate(int reason) {
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

const boost::system::error_category& tls_category() {
  static const TlsCategory category;
  return category;
}

error_code make_error_code(TlsError error) { return {static_cast<int>(error), tls_category()}; }

error_code certificate_error(long result) { return {x509_base + static_cast<int>(result), tls_category()}; }

error_code take_openssl_error() {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (first == 0) return boost::asio::error::connection_reset;
  if (ERR_SYSTEM_ERROR(first)) return {ERR_GET_REASON(first), boost::system::system_category()};
  return {static_cast<int>(first), tls_category()};
}

bool is_certificate_error(const error_code& error) {
  if (error.category() != tls_category()) return false;
  const int value = error.value();
  if (value >= openssl_base) {
    const auto packed = static_cast<unsigned long>(value);
    return ERR_GET_LIB(packed) == ERR_LIB_SSL && is_alert_on_certificate(ERR_GET_REASON(packed));
  }
  return value >= x509_base;
}

}  // namespace logdist::net
