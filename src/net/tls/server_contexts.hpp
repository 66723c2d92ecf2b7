// What a port shows and asks for in its handshakes.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "logdist/net/tls/server_tls.hpp"
#include "net/tls/openssl_handles.hpp"
#include "net/tls/pem_files.hpp"

namespace logdist::net {

/// One context for each loop: OpenSSL takes locks of a context in each handshake.
class ServerContexts {
 public:
  ServerContexts(std::vector<ContextHandle> by_loop, const Identity& identity, std::size_t max_handshakes)
      : by_loop_(std::move(by_loop)),
        expiry_(expiry_of(identity.chain)),
        certificate_(identity.certificate_file),
        fingerprint_(fingerprint_of(identity.chain)),
        max_handshakes_(max_handshakes) {}

  std::size_t loops() const { return by_loop_.size(); }
  SSL_CTX& of_loop(std::size_t loop) const { return *by_loop_[loop]; }
  std::time_t expiry() const { return expiry_; }
  /// Its file.
  const std::string& certificate() const { return certificate_; }
  /// SHA-256 of the certificate, in hexadecimal digits.
  const std::string& fingerprint() const { return fingerprint_; }
  std::size_t max_handshakes() const { return max_handshakes_; }

 private:
  std::vector<ContextHandle> by_loop_;
  std::time_t expiry_;
  std::string certificate_;
  std::string fingerprint_;
  std::size_t max_handshakes_;
};

/// Settings that both directions have in common: versions, ciphers, strength of keys.
void set_common(SSL_CTX& context, config::TlsVersion min_version);

}  // namespace logdist::net
