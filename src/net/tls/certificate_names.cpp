#include "net/tls/certificate_names.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "net/tls/openssl_handles.hpp"

namespace logdist::net {
namespace {

constexpr std::size_t names_max = 100;

bool is_sound(std::string_view name) {
  return !name.empty() && std::ranges::none_of(name, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; });
}

/// Empty, if there is not exactly one.
std::string common_name_of(const X509& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return is_sound(name) ? name : std::string();
}

void append(std::vector<std::string>& names, const ASN1_IA5STRING& text) {
  const std::string_view name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(&text)),
                              static_cast<std::size_t>(ASN1_STRING_length(&text)));
  if (is_sound(name) && names.size() < names_max) names.emplace_back(name);
}

}  // namespace

core::CertificateNames names_of(const X509& certificate) {
  core::CertificateNames names;
  names.common_name = common_name_of(certificate);
  const std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name.type == GEN_DNS) append(names.dns_names, *name.d.dNSName);
    if (name.type == GEN_URI) append(names.uris, *name.d.uniformResourceIdentifier);
  }
  return names;
}

}  // namespace logdist::net
