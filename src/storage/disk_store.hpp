// One loop's access to the durable queue.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logdist/base/mutex.hpp"
#include "logdist/queue/store.hpp"
#include "storage/backlog.hpp"

namespace logdist::storage {

/// Analyzers by AnalyzerId, for what is written of settlements. Thread-safe.
class AnalyzerNames {
 public:
  void set(AnalyzerId analyzer, const std::string& name) {
    const MutexLock lock(mutex_);
    if (analyzer >= names_.size()) names_.resize(analyzer + std::size_t{1});
    names_[analyzer] = name;
  }

  /// Calls `use` with all of them; it must not wait.
  template <typename Use>
  void with(Use use) const {
    const MutexLock lock(mutex_);
    use(names_);
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::string> names_ LOGDIST_GUARDED_BY(mutex_);
};

/// Gives packets and settlements to the log, and the log's reports to the loop's dispatcher. Confined to its loop.
class DiskStore final : public queue::Store {
 public:
  /// All outlive it.
  DiskStore(LoopId loop, queue::DurableLog& log, Backlog& backlog, const AnalyzerNames& names,
            const StorageClocks& clocks)
      : loop_(loop), log_(log), backlog_(backlog), names_(names), clocks_(clocks) {}

  void set_listener(queue::StoreListener& listener) { listener_ = &listener; }

  Answer append(queue::Delivery& delivery) override;
  void keep_dead_letter(const queue::Delivery& delivery) override;
  void settle(const queue::Delivery& delivery, queue::SettledAs how) override;
  void flush(std::uint64_t balance_version) override;
  std::size_t room_wanted() const override { return backlog_.room_wanted(); }
  void offer(std::size_t packets, std::size_t bytes) override { backlog_.offer({loop_, packets, bytes}); }
  void fetch(queue::Delivery& delivery) override;

  /// Passes the reports on that have come.
  void collect(TimePoint now);

 private:
  /// A copy, of which the log reads until its report.
  struct Letter {
    std::string metadata;
    std::string body;
  };
  struct Due {
    std::uint64_t id;
    queue::Delivery* delivery;  ///< null: reported, or a letter
    bool on_disk_only;
    std::unique_ptr<Letter> letter{};
  };
  struct Settled {
    queue::SettledPacket packet;
    AnalyzerId analyzer;
  };

  const LoopId loop_;
  queue::DurableLog& log_;
  Backlog& backlog_;
  const AnalyzerNames& names_;
  const StorageClocks& clocks_;
  queue::StoreListener* listener_ = nullptr;
  std::deque<Due> due_;        ///< by id, which grow
  bool has_appended_ = false;  ///< since the last flush()
  std::vector<Settled> settled_;
  std::vector<queue::SettledPacket> to_settle_;  ///< of one flush; keeps its memory
  std::vector<queue::StoreReport> reports_;      ///< of one collect(), likewise
};

}  // namespace logdist::storage
