#include "net/tls/ticket_keys.hpp"

#include <algorithm>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace logdist::net {
namespace {

void forget_key(std::optional<TicketKeys::Key>& key) {
  if (key) OPENSSL_cleanse(&*key, sizeof(*key));
  key.reset();
}

bool set_mac_key(EVP_MAC_CTX* mac, TicketKeys::Key& key) {
  std::array<char, 7> digest{"SHA256"};
  const std::array parameters{OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
                              OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                              OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

/// AES-256-CBC and HMAC-SHA-256. 0: no ticket, or none of ours; 2: take it, and give another.
int encrypt_or_find(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                    int encrypts) {
  TicketKeys& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  if (encrypts == 1) {
    std::optional<TicketKeys::Key> key = keys.current(Clock::now());
    if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(algorithm)) != 1) return 0;
    std::copy(key->name.begin(), key->name.end(), name);
    const bool set =
        EVP_EncryptInit_ex2(cipher, algorithm, key->cipher.data(), iv, nullptr) == 1 && set_mac_key(mac, *key);
    forget_key(key);
    return set ? 1 : -1;
  }
  std::optional<TicketKeys::Found> found = keys.find(name, Clock::now());
  if (!found) return 0;
  const bool set = set_mac_key(mac, found->key) &&
                   EVP_DecryptInit_ex2(cipher, algorithm, found->key.cipher.data(), iv, nullptr) == 1;
  OPENSSL_cleanse(&found->key, sizeof(found->key));
  if (!set) return -1;
  // A session is not verified again: where certificates are asked for, it is not prolonged.
  if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) return 1;
  return found->is_current && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;
}

}  // namespace

TicketKeys::~TicketKeys() {
  forget_key(current_);
  forget_key(previous_);
}

/// Whether there is a key to encrypt with.
bool TicketKeys::rotate(TimePoint now) {
  if (current_ && now < since_ + rotate_after) return true;
  forget_key(previous_);
  if (current_ && now < since_ + 2 * rotate_after) previous_ = current_;
  forget_key(current_);
  Key key;
  static_assert(sizeof(Key) == 80);
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof(key)) == 1) current_ = key;
  OPENSSL_cleanse(&key, sizeof(key));
  since_ = now;
  return current_.has_value();
}

std::optional<TicketKeys::Key> TicketKeys::current(TimePoint now) {
  const MutexLock lock(mutex_);
  return rotate(now) ? current_ : std::nullopt;
}

std::optional<TicketKeys::Found> TicketKeys::find(const unsigned char* name, TimePoint now) {
  const MutexLock lock(mutex_);
  if (!current_) return std::nullopt;
  rotate(now);
  for (const auto* key : {&current_, &previous_}) {
    if (*key && std::equal((*key)->name.begin(), (*key)->name.end(), name)) return Found{**key, key == &current_};
  }
  return std::nullopt;
}

void TicketKeys::use_in(SSL_CTX& context) {
  SSL_CTX_set_app_data(&context, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, encrypt_or_find);
}

}  // namespace logdist::net
