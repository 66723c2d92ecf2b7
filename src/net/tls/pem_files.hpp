// Certificates and keys from PEM files.
//
// Free functions, thread-safe. They read files, which may block: for the control thread, and before the start.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "logdist/net/tls/tls_problem.hpp"
#include "net/tls/openssl_handles.hpp"

namespace logdist::net {

using Certificates = std::vector<CertificateHandle>;

/// What one side shows of itself.
struct Identity {
  Certificates chain;  ///< its own first
  KeyHandle key;
  std::string certificate_file;
  std::string key_file;
};

/// `key` of the section names the file at `path`.
TlsResult<Certificates> read_certificates(const std::string& key, const std::string& path);
/// Both files, which belong together.
TlsResult<Identity> read_identity(const std::string& certificate_file, const std::string& key_file);

/// `context` shows `identity` from now on. A problem: OpenSSL finds it too weak.
std::optional<TlsProblem> show_identity(SSL_CTX& context, const Identity& identity);
/// `context` trusts chains that lead to one of `authorities`.
void trust(SSL_CTX& context, const Certificates& authorities);

/// When the first of `chain` expires, since the Unix epoch.
std::time_t expiry_of(const Certificates& chain);
/// SHA-256 of the first, in hexadecimal digits.
std::string fingerprint_of(const Certificates& chain);
/// For people.
std::string text_of_time(std::time_t time);
/// What is valid, but hardly meant: expired, not valid yet, of a server without a name.
std::vector<TlsProblem> doubts_of(const Identity& identity, std::time_t now, bool is_server);

}  // namespace logdist::net
