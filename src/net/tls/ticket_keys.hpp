// The keys of session tickets, which rotate.
#pragma once

#include <array>
#include <optional>

#include <openssl/ssl.h>

#include "logdist/base/mutex.hpp"
#include "logdist/base/time.hpp"

namespace logdist::net {

/// A ticket is a session that the client keeps, encrypted with a key that only this process knows (RFC 5077). A key
/// encrypts tickets for `rotate_after`, and decrypts them for as long again; then it is forgotten, so that what was
/// sent cannot be read by who takes the process later. All loops share them. Thread-safe.
class TicketKeys {
 public:
  static constexpr Duration rotate_after = std::chrono::hours(1);

  struct Key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
  };
  struct Found {
    Key key;
    bool is_current;  ///< else the client gets a new ticket
  };

  TicketKeys() = default;
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// To encrypt with; none when there is no randomness.
  std::optional<Key> current(TimePoint now);
  /// By its name; none when it is unknown, or forgotten.
  std::optional<Found> find(const unsigned char* name, TimePoint now);

  /// The tickets of `context` are of these keys, which outlive it.
  void use_in(SSL_CTX& context);

 private:
  bool rotate(TimePoint now) LOGDIST_REQUIRES(mutex_);

  Mutex mutex_;
  std::optional<Key> current_ LOGDIST_GUARDED_BY(mutex_);
  std::optional<Key> previous_ LOGDIST_GUARDED_BY(mutex_);
  TimePoint since_ LOGDIST_GUARDED_BY(mutex_){};
};

}  // namespace logdist::net
