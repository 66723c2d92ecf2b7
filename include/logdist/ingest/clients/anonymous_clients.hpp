// Agents that are not known: one client for each address.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>

#include <boost/intrusive/list.hpp>

#include "logdist/base/ip_address.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/base/time.hpp"
#include "logdist/ingest/clients/client_rates.hpp"

namespace logdist::ingest {

/// FNV-1a: fit to spread addresses, for nothing more.
std::uint64_t hash_of(const IpAddress& address);

/// One address. Thread-safe.
class AnonymousClient : public boost::intrusive::list_base_hook<> {
 public:
  explicit AnonymousClient(const IpAddress& address) : address_(address) {}

  ClientRates rates;

  /// To be told of each request: who is not seen for longest is forgotten first.
  void seen(TimePoint now) { last_seen_.store(now, std::memory_order_relaxed); }
  /// Its address has a new entry by now, or none.
  bool is_forgotten() const { return forgotten_.load(std::memory_order_relaxed); }
  const IpAddress& address() const { return address_; }

 private:
  friend class AnonymousClients;

  const IpAddress address_;
  std::atomic<TimePoint> last_seen_{TimePoint{}};
  std::atomic<bool> forgotten_{false};
  TimePoint filed_at_{};  ///< what it is in order by; guarded by the mutex of its part
};

/// The addresses that were seen lately, in parts of equal size with a mutex each. A connection asks once, and again
/// when its requests come from another address or its entry is forgotten. Thread-safe.
class AnonymousClients {
 public:
  static constexpr std::size_t default_max = 10'000;

  explicit AnonymousClients(std::size_t max = default_max);
  ~AnonymousClients();
  AnonymousClients(const AnonymousClients&) = delete;
  AnonymousClients& operator=(const AnonymousClients&) = delete;

  /// The entry of `address`. Where there is none, it is made, and one of its part may be forgotten: who was not seen
  /// for longest.
  std::shared_ptr<AnonymousClient> find(const IpAddress& address, TimePoint now);

  std::size_t size() const;
  /// Of the queue, by those that are remembered.
  std::uint64_t held_places() const;

 private:
  struct Part {
    mutable Mutex mutex;
    std::map<IpAddress, std::shared_ptr<AnonymousClient>> entries LOGDIST_GUARDED_BY(mutex);
    boost::intrusive::list<AnonymousClient> by_age LOGDIST_GUARDED_BY(mutex);  ///< as far as is known, oldest first
  };

  static void forget_oldest(Part& part) LOGDIST_REQUIRES(part.mutex);

  static constexpr std::size_t parts_count = 16;

  const std::size_t part_max_;
  std::array<Part, parts_count> parts_;
};

}  // namespace logdist::ingest
