#include "net/tls/pem_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "logdist/base/check.hpp"
#include "logdist/base/file_text.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/tls/tls_error.hpp"

namespace logdist::net {
namespace {

/// All CAs of a system are some 200 KiB.
constexpr std::size_t file_bytes_max = 4 * 1024 * 1024;

/// A text that is wiped when it goes: it may be a key.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {}
  Secret& operator=(Secret&&) = delete;
  ~Secret() { OPENSSL_cleanse(text_.data(), text_.size()); }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

TlsProblem unreadable(const std::string& key, const std::string& path, int error) {
  return {key, fmt::format("cannot read {}: {}", config::printable(path), std::generic_category().message(error))};
}

/// A pipe would be waited for.
TlsResult<Secret> read_pem(const std::string& key, const std::string& path) {
  FileText file = read_file(path, file_bytes_max, FileKind::regular);
  Secret content(std::move(file.text));
  if (file.error == EISDIR || file.error == EINVAL || content.text().size() > file_bytes_max) {
    return TlsProblem{key, fmt::format("{} is not a file of at most 4MiB", config::printable(path))};
  }
  if (file.error != 0) return unreadable(key, path, file.error);
  return content;
}

BioHandle reader_of(const std::string& text) {
  BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  LOGDIST_CHECK(bio != nullptr);
  return bio;
}

/// Nobody is there to be asked for it.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::time_t time_of(const ASN1_TIME* time) {
  std::tm fields{};
  return ASN1_TIME_to_tm(time, &fields) == 1 ? ::timegm(&fields) : 0;
}

}  // namespace

TlsResult<Certificates> read_certificates(const std::string& key, const std::string& path) {
  auto content = read_pem(key, path);
  if (!content) return content.error();
  const BioHandle reader = reader_of(content->text());
  Certificates certificates;
  ERR_clear_error();
  while (X509* const certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_end) return TlsProblem{key, fmt::format("{} has a broken certificate", config::printable(path))};
  if (certificates.empty()) {
    return TlsProblem{key, fmt::format("{} has no certificate in PEM form", config::printable(path))};
  }
  return certificates;
}

TlsResult<Identity> read_identity(const std::string& certificate_file, const std::string& key_file) {
  auto chain = read_certificates("certificate", certificate_file);
  if (!chain) return chain.error();
  auto content = read_pem("key", key_file);
  if (!content) return content.error();
  bool is_encrypted = false;
  const BioHandle reader = reader_of(content->text());
  KeyHandle key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, &is_encrypted));
  ERR_clear_error();
  const std::string shown = config::printable(key_file);
  if (is_encrypted)
    return TlsProblem{"key", fmt::format("{} is encrypted; allowed: a key without a passphrase", shown)};
  if (!key) return TlsProblem{"key", fmt::format("{} has no private key in PEM form", shown)};
  const bool belongs = X509_check_private_key(chain->front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!belongs) {
    return TlsProblem{"key", fmt::format("{} is not the key of the first certificate in {}", shown,
                                         config::printable(certificate_file))};
  }
  return Identity{std::move(*chain), std::move(key), certificate_file, key_file};
}

std::optional<TlsProblem> show_identity(SSL_CTX& context, const Identity& identity) {
  ERR_clear_error();
  bool taken = SSL_CTX_use_certificate(&context, identity.chain.front().get()) == 1;
  for (std::size_t i = 1; taken && i < identity.chain.size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(&context, identity.chain[i].get()) == 1;
  }
  if (!taken) {
    return TlsProblem{"certificate", fmt::format("{} cannot be used: {}", config::printable(identity.certificate_file),
                                                 take_openssl_error().message())};
  }
  if (SSL_CTX_use_PrivateKey(&context, identity.key.get()) != 1) {
    return TlsProblem{"key", fmt::format("{} cannot be used: {}", config::printable(identity.key_file),
                                         take_openssl_error().message())};
  }
  return std::nullopt;
}

void trust(SSL_CTX& context, const Certificates& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  for (const CertificateHandle& authority : authorities)
    LOGDIST_CHECK(X509_STORE_add_cert(store, authority.get()) == 1);
}

std::time_t expiry_of(const Certificates& chain) {
  std::time_t first = time_of(X509_get0_notAfter(chain.front().get()));
  for (const CertificateHandle& certificate : chain) {
    first = std::min(first, time_of(X509_get0_notAfter(certificate.get())));
  }
  return first;
}

std::string fingerprint_of(const Certificates& chain) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  LOGDIST_CHECK(X509_digest(chain.front().get(), EVP_sha256(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string text_of_time(std::time_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }

std::vector<TlsProblem> doubts_of(const Identity& identity, std::time_t now, bool is_server) {
  std::vector<TlsProblem> doubts;
  const std::string file = config::printable(identity.certificate_file);
  const std::time_t expiry = expiry_of(identity.chain);
  if (expiry <= now) {
    doubts.push_back(
        {"certificate", fmt::format("{} has expired, on {}: peers refuse it", file, text_of_time(expiry))});
  }
  X509* const own = identity.chain.front().get();
  const std::time_t begin = time_of(X509_get0_notBefore(own));
  if (begin > now) {
    doubts.push_back(
        {"certificate", fmt::format("{} is not valid before {}: peers refuse it", file, text_of_time(begin))});
  }
  if (is_server && X509_get_ext_by_NID(own, NID_subject_alt_name, -1) < 0) {
    doubts.push_back({"certificate", fmt::format("{} has no subject alternative name: most peers refuse it", file)});
  }
  return doubts;
}

}  // namespace logdist::net
