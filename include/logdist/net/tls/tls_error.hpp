// What goes wrong with TLS, as error codes that say why in one line.
//
// Free functions without state, thread-safe.
#pragma once

#include <cstdint>

#include <boost/system/error_code.hpp>

namespace logdist::net {

/// What OpenSSL has no word for.
enum class TlsError : std::uint8_t {
  closed = 1,           ///< the peer ended the connection amid the handshake
  too_many_handshakes,  ///< as many as may be are under way, none of which has stalled
  made_room,            ///< it had stalled while another one needed its place
};

boost::system::error_code make_error_code(TlsError error);

/// Of those above, of X.509 (X509_V_ERR_…) and of OpenSSL's error queue.
const boost::system::error_category& tls_category();

/// Why a chain of certificates was not accepted: `result` is an X509_V_ERR_….
boost::system::error_code certificate_error(long result);

/// The first error that OpenSSL has queued on this thread, and empties the queue. Never a success.
boost::system::error_code take_openssl_error();

/// Whether it says something of a certificate: the peer's, or one of ours that the peer did not accept.
bool is_certificate_error(const boost::system::error_code& error);

}  // namespace logdist::net

template <>
struct boost::system::is_error_code_enum<logdist::net::TlsError> : std::true_type {};
