// The clients that all loops go by.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/ingest/clients/access.hpp"
#include "logdist/ingest/clients/anonymous_clients.hpp"

namespace logdist::ingest {

/// Has the Access of now, and gives each name an id that stays its own through reloads. Thread-safe; reads of those
/// that have the latest Access cost one atomic load. Before the first use() all are let in.
class ClientDirectory {
 public:
  /// As many names may ever be known: what is counted of them is kept.
  static constexpr std::size_t names_max = 65'535;

  ClientDirectory();

  /// Whether these, and all before, are names enough.
  bool has_room_for(const auth::Clients& clients) const;
  /// From now on requests are judged by these. What `access` has of entries and revision does not matter. After
  /// has_room_for().
  void use(Access access);

  std::shared_ptr<const Access> current() const;
  /// Those that are not known, by their addresses.
  AnonymousClients& anonymous_clients() { return anonymous_; }
  const AnonymousClients& anonymous_clients() const { return anonymous_; }
  std::uint64_t revision() const { return revision_.load(std::memory_order_acquire); }

 private:
  mutable Mutex mutex_;
  std::map<std::string, ClientId, std::less<>> id_of_name_ LOGDIST_GUARDED_BY(mutex_);
  std::shared_ptr<const Access> current_ LOGDIST_GUARDED_BY(mutex_);
  std::deque<ClientRates> rates_ LOGDIST_GUARDED_BY(mutex_);  ///< by id, from 1 on; what is in them is any thread's
  AnonymousClients anonymous_;
  std::atomic<std::uint64_t> revision_{0};
};

/// A loop's own copy of the latest Access. Confined to the loop.
class LatestAccess {
 public:
  /// `directory`, which outlives it, may be null: all are let in.
  explicit LatestAccess(ClientDirectory* directory);

  ClientDirectory* directory() const { return directory_; }
  const Access& get() {
    if (directory_ != nullptr && directory_->revision() != access_->revision) access_ = directory_->current();
    return *access_;
  }

 private:
  ClientDirectory* directory_;
  std::shared_ptr<const Access> access_;
};

}  // namespace logdist::ingest
