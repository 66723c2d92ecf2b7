#include "tests/support/certificates.hpp"

#include <atomic>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace logdist::test {
namespace {

template <auto function>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using Memory = std::unique_ptr<BIO, FreeBy<BIO_free>>;

void need(bool done) {
  if (!done) throw std::runtime_error("OpenSSL did not make a test's certificate");
}

Key make_key(unsigned rsa_bits) {
  Key key(rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits));
  need(key != nullptr);
  return key;
}

void add_extension(X509& certificate, X509& issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  need(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

std::string text_of(BIO& memory) {
  char* bytes = nullptr;
  const long size = BIO_ctrl(&memory, BIO_CTRL_INFO, 0, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509& certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_X509(memory.get(), &certificate) == 1);
  return text_of(*memory);
}

std::string pem_of(EVP_PKEY& key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  need(PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(*memory);
}

/// Signed by `issuer`; null: by itself.
Certificate make(const CertificateSpec& spec, EVP_PKEY& key, X509* issuer, EVP_PKEY& issuer_key) {
  static std::atomic<long> serial{1};
  Certificate made(X509_new());
  X509* const own = made.get();
  X509_set_version(own, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(own), serial++);
  X509_gmtime_adj(X509_getm_notBefore(own), spec.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(own), spec.valid_for_s);
  X509_set_pubkey(own, &key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(own), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1, -1, 0);
  X509& from = issuer != nullptr ? *issuer : *own;
  X509_set_issuer_name(own, X509_get_subject_name(&from));
  add_extension(*own, from, NID_basic_constraints, spec.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(*own, from, NID_key_usage, spec.is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  std::string names;
  for (const std::string& name : spec.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty() && !spec.is_ca) add_extension(*own, from, NID_subject_alt_name, names);
  need(X509_sign(own, &issuer_key, EVP_sha256()) > 0);
  return made;
}

}  // namespace

struct CertificateAuthority::Parts {
  Key key;
  Certificate certificate;
};

CertificateAuthority::CertificateAuthority(const std::string& name) : parts_(std::make_unique<Parts>()) {
  parts_->key = make_key(0);
  CertificateSpec spec;
  spec.common_name = name;
  spec.is_ca = true;
  parts_->certificate = make(spec, *parts_->key, nullptr, *parts_->key);
  pem_ = pem_of(*parts_->certificate);
}

CertificateAuthority::~CertificateAuthority() = default;

IssuedCertificate CertificateAuthority::issue(const CertificateSpec& spec) const {
  const Key key = make_key(spec.rsa_bits);
  const Certificate made = make(spec, *key, parts_->certificate.get(), *parts_->key);
  return {pem_of(*made), pem_of(*key)};
}

}  // namespace logdist::test
