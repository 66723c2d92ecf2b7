#include "net/tls/server_contexts.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <openssl/err.h>

#include "logdist/base/check.hpp"
#include "net/tls/ticket_keys.hpp"

namespace logdist::net {
namespace {

constexpr std::string_view http_1_1 = "http/1.1";

/// 112 bits: RSA of 2,048 and more, no SHA-1.
constexpr int security_level = 2;

/// Of TLS 1.2: forward secrecy and authenticated encryption, nothing else. TLS 1.3 has no others.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// None, if the client's list has http/1.1 not: it would get answers that it cannot read.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  std::string_view list(reinterpret_cast<const char*>(offered), offered_size);
  while (!list.empty()) {
    const auto size = static_cast<unsigned char>(list.front());
    const std::string_view name = list.substr(1, size);
    if (name == http_1_1) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *chosen_size = size;
      return SSL_TLSEXT_ERR_OK;
    }
    list.remove_prefix(std::min<std::size_t>(list.size(), size + std::size_t{1}));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Tickets of one such group only are taken: a session that was resumed is not verified again, so one of other CAs, or
/// of a time when no certificate was asked for, must not be.
std::array<unsigned char, EVP_MAX_MD_SIZE> session_group(const config::PortTlsOptions& options,
                                                         const Certificates& authorities, unsigned& size) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  const std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>> hash(EVP_MD_CTX_new());
  LOGDIST_CHECK(hash && EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) == 1);
  const auto auth = static_cast<unsigned char>(options.client_auth);
  EVP_DigestUpdate(hash.get(), &auth, sizeof(auth));
  for (const CertificateHandle& authority : authorities) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> of_one{};
    unsigned of_one_size = 0;
    X509_digest(authority.get(), EVP_sha256(), of_one.data(), &of_one_size);
    EVP_DigestUpdate(hash.get(), of_one.data(), of_one_size);
  }
  EVP_DigestFinal_ex(hash.get(), digest.data(), &size);
  size = std::min<unsigned>(size, SSL_MAX_SID_CTX_LENGTH);
  return digest;
}

void ask_for_certificate(SSL_CTX& context, const config::PortTlsOptions& options, const Certificates& authorities) {
  if (options.client_auth == config::ClientAuth::none) return;
  trust(context, authorities);
  for (const CertificateHandle& authority : authorities) SSL_CTX_add_client_CA(&context, authority.get());
  const bool required = options.client_auth == config::ClientAuth::required;
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
}

}  // namespace

void set_common(SSL_CTX& context, config::TlsVersion min_version) {
  SSL_CTX_set_min_proto_version(&context, min_version == config::TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_security_level(&context, security_level);
  LOGDIST_CHECK(SSL_CTX_set_cipher_list(&context, ciphers) == 1);
}

TlsResult<std::shared_ptr<const ServerContexts>> ServerTls::prepare(const config::PortTlsOptions& options,
                                                                    std::size_t loops,
                                                                    std::vector<TlsProblem>* doubts) {
  std::shared_ptr<const ServerContexts> none;
  if (!options.is_on()) return none;
  const auto identity = read_identity(options.certificate, options.key);
  if (!identity) return identity.error();
  Certificates authorities;
  if (options.client_auth != config::ClientAuth::none) {
    auto read = read_certificates("client_ca", options.client_ca);
    if (!read) return read.error();
    authorities = std::move(*read);
  }
  if (doubts != nullptr) *doubts = doubts_of(*identity, std::time(nullptr), true);
  unsigned group_size = 0;
  const auto group = session_group(options, authorities, group_size);
  std::vector<ContextHandle> by_loop;
  for (std::size_t loop = 0; loop < loops; ++loop) {
    ContextHandle context(SSL_CTX_new(TLS_server_method()));
    LOGDIST_CHECK(context != nullptr);
    set_common(*context, options.min_version);
    if (auto problem = show_identity(*context, *identity)) return *problem;
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // the client keeps its session, in a ticket
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_timeout(context.get(),
                        std::chrono::duration_cast<std::chrono::seconds>(TicketKeys::rotate_after).count());
    SSL_CTX_set_session_id_context(context.get(), group.data(), group_size);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    ask_for_certificate(*context, options, authorities);
    by_loop.push_back(std::move(context));
  }
  return std::make_shared<const ServerContexts>(std::move(by_loop), *identity, options.max_handshakes);
}

}  // namespace logdist::net
