#include "logdist/net/tls/client_tls.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <boost/asio/ip/address.hpp>

#include "logdist/base/check.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/tls/tls_transport.hpp"
#include "net/tls/openssl_handles.hpp"
#include "net/tls/pem_files.hpp"
#include "net/tls/server_contexts.hpp"

namespace logdist::net {
namespace {

/// Each loop opens a few connections at once.
constexpr std::size_t sessions_max = 16;

/// Where OpenSSL does not look for a file: it has a folder there, which is read at each handshake.
constexpr const char* debian_authorities = "/etc/ssl/certs/ca-certificates.crt";

constexpr std::array<unsigned char, 9> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// The sessions that a server has given, the latest last.
class Sessions {
 public:
  /// Takes the reference over.
  void keep(SSL_SESSION* session) {
    const MutexLock lock(mutex_);
    if (kept_.size() == sessions_max) kept_.erase(kept_.begin());
    kept_.emplace_back(session);
  }

  /// One of TLS 1.3 is to be used once: who listens shall not know a client again by it (RFC 8446, C.4).
  SessionHandle take() {
    const MutexLock lock(mutex_);
    if (kept_.empty()) return nullptr;
    SSL_SESSION* const last = kept_.back().get();
    SSL_SESSION_up_ref(last);
    SessionHandle taken(last);
    if (SSL_SESSION_get_protocol_version(last) >= TLS1_3_VERSION) kept_.pop_back();
    return taken;
  }

 private:
  Mutex mutex_;
  std::vector<SessionHandle> kept_ LOGDIST_GUARDED_BY(mutex_);
};

void free_sessions(void*, void* sessions, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Sessions*>(sessions);
}

/// The sessions live as long as their context, which connections keep.
int sessions_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_sessions);
  return index;
}

Sessions& sessions_of(SSL_CTX* context) {
  return *static_cast<Sessions*>(SSL_CTX_get_ex_data(context, sessions_index()));
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  sessions_of(SSL_get_SSL_CTX(ssl)).keep(session);
  return 1;
}

/// A name that does not fit is one thing, a certificate without any another.
int note_missing_name(int is_good, X509_STORE_CTX* chain) {
  if (is_good != 1 && X509_STORE_CTX_get_error(chain) == X509_V_ERR_HOSTNAME_MISMATCH &&
      X509_get_ext_by_NID(X509_STORE_CTX_get0_cert(chain), NID_subject_alt_name, -1) < 0) {
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  }
  return is_good;
}

/// All at once, so that no handshake has to read files.
void trust_the_system(SSL_CTX& context) {
  const char* const named = std::getenv(X509_get_default_cert_file_env());
  std::error_code error;
  for (const char* file : {named != nullptr ? named : "", X509_get_default_cert_file(), debian_authorities}) {
    if (std::filesystem::is_regular_file(file, error) && SSL_CTX_load_verify_file(&context, file) == 1) return;
  }
  SSL_CTX_set_default_verify_paths(&context);
  ERR_clear_error();
}

}  // namespace

class ClientContext {
 public:
  ClientContext(ContextHandle context, std::string server, bool verifies)
      : context_(std::move(context)), server_(std::move(server)), verifies_(verifies) {}

  static bool is_address(const std::string& server) {
    boost::system::error_code error;
    boost::asio::ip::make_address(server, error);
    return !error;
  }

  SslHandle make() const {
    SslHandle made(SSL_new(context_.get()));
    SSL* const ssl = made.get();
    LOGDIST_CHECK(ssl != nullptr);
    SSL_set_connect_state(ssl);
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
    if (is_address_) {
      LOGDIST_CHECK(X509_VERIFY_PARAM_set1_ip_asc(rules, server_.c_str()) == 1);
    } else {
      LOGDIST_CHECK(SSL_set1_host(ssl, server_.c_str()) == 1);
      // What SSL_set_tlsext_host_name() does, which casts as C does.
      LOGDIST_CHECK(SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                             const_cast<char*>(server_.c_str())) == 1);
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_verify(ssl, verifies_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, note_missing_name);
    if (const SessionHandle session = sessions_of(context_.get()).take()) SSL_set_session(ssl, session.get());
    return made;
  }

 private:
  const ContextHandle context_;
  const std::string server_;
  const bool verifies_;
  const bool is_address_ = is_address(server_);
};

TlsResult<std::shared_ptr<ClientContext>> ClientTls::prepare(const config::AnalyzerTlsOptions& options,
                                                             const std::string& host, std::vector<TlsProblem>* doubts) {
  ContextHandle context(SSL_CTX_new(TLS_client_method()));
  LOGDIST_CHECK(context != nullptr);
  set_common(*context, config::TlsVersion::tls_1_2);
  LOGDIST_CHECK(SSL_CTX_set_ex_data(context.get(), sessions_index(), new Sessions) == 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  SSL_CTX_set_alpn_protos(context.get(), protocols.data(), protocols.size());
  if (!options.certificate.empty()) {
    const auto identity = read_identity(options.certificate, options.key);
    if (!identity) return identity.error();
    if (auto problem = show_identity(*context, *identity)) return *problem;
    if (doubts != nullptr) *doubts = doubts_of(*identity, std::time(nullptr), false);
  }
  if (!options.ca.empty()) {
    const auto authorities = read_certificates("ca", options.ca);
    if (!authorities) return authorities.error();
    trust(*context, *authorities);
  } else if (options.verify) {
    trust_the_system(*context);
  }
  const std::string& server = options.server_name.empty() ? host : options.server_name;
  const std::unique_ptr<X509_VERIFY_PARAM, FreeBy<X509_VERIFY_PARAM_free>> rules(X509_VERIFY_PARAM_new());
  const bool is_known = ClientContext::is_address(server)
                            ? X509_VERIFY_PARAM_set1_ip_asc(rules.get(), server.c_str()) == 1
                            : X509_VERIFY_PARAM_set1_host(rules.get(), server.c_str(), 0) == 1;
  ERR_clear_error();
  if (!is_known || server.size() > TLSEXT_MAXLEN_host_name) {
    return TlsProblem{"server_name", fmt::format("{} is no name that a certificate can have", config::quote(server))};
  }
  return std::make_shared<ClientContext>(std::move(context), server, options.verify);
}

/// The context of the moment.
class ClientTls::Shared {
 public:
  explicit Shared(std::shared_ptr<ClientContext> context) : context_(std::move(context)) {}

  void use(std::shared_ptr<ClientContext> context) {
    const MutexLock lock(mutex_);
    context_.swap(context);
  }
  std::shared_ptr<ClientContext> context() {
    const MutexLock lock(mutex_);
    return context_;
  }

 private:
  Mutex mutex_;
  std::shared_ptr<ClientContext> context_ LOGDIST_GUARDED_BY(mutex_);
};

ClientTls::ClientTls(std::shared_ptr<ClientContext> context) : shared_(std::make_unique<Shared>(std::move(context))) {}

ClientTls::~ClientTls() = default;

void ClientTls::use(std::shared_ptr<ClientContext> context) { shared_->use(std::move(context)); }

TransportFactory ClientTls::factory(std::shared_ptr<ClientTls> tls) {
  if (!tls) return {};
  return [tls = std::move(tls)](Stream stream, std::string_view) { return tls->connect(std::move(stream)); };
}

std::unique_ptr<Transport> ClientTls::connect(Stream stream) {
  return std::make_unique<TlsTransport>(std::move(stream), shared_->context()->make());
}

}  // namespace logdist::net
