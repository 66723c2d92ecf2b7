// Certificates and keys made for a test.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace logdist::test {

/// What a certificate says.
struct CertificateSpec {
  std::string common_name = "test";
  std::vector<std::string> names{"DNS:localhost", "IP:127.0.0.1"};  ///< subject alternative names
  long valid_from_s = -3600;                                        ///< from now
  long valid_for_s = 30L * 24 * 3600;                               ///< likewise
  unsigned rsa_bits = 0;                                            ///< 0: a key on P-256
  bool is_ca = false;
};

/// In PEM.
struct IssuedCertificate {
  std::string certificate;  ///< its chain
  std::string key;
};

/// Signs certificates, its own by itself.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "Test CA");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  /// In PEM.
  const std::string& certificate() const { return pem_; }
  IssuedCertificate issue(const CertificateSpec& spec = {}) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::string pem_;
};

}  // namespace logdist::test
