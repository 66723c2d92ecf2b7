// restarts: the ledger balances with `recovered`, which is what earlier processes had left; memory holds no more than
// the queue's bounds; what analyzers are owed after a start is what they were owed before its predecessor's end, but
// for what was in doubt then; and what an operator has set goes on.
#include <algorithm>
#include <cmath>

#include "tests/sim/disk_world.hpp"

namespace logdist::sim {
namespace {

class Restarts final : public DiskChecker {
 public:
  using DiskChecker::DiskChecker;

  void stepped() override {
    const DiskDaemon& daemon = *world_.daemon();
    const ledger::Amount off = daemon.terms().imbalance();
    if (off != ledger::Amount{}) complain("the books are off by {} packets, {} messages", off.packets, off.messages);
    const queue::QueueLimits& bounds = daemon.bounds();
    if (bounds.packets() > bounds.max_packets() || bounds.bytes() > bounds.max_bytes()) {
      complain("{} packets of {} bytes are in memory, {} and {} are allowed", bounds.packets(), bounds.bytes(),
               bounds.max_packets(), bounds.max_bytes());
    }
    look_at_service(daemon);
    if (settings_.empty() || settings_.back() != daemon.settings()) settings_.push_back(daemon.settings());
  }

  void sent(const PacketHistory& history, const core::Attempt&) override { since_kept_.sent += history.messages; }

  void result_seen(const PacketHistory& history, const core::AttemptResult& result) override {
    const bool is_written = history.given_to_disk && !world_.safety().of(history.serial).is_refused;
    const bool stays = result.outcome == Outcome::refused || (result.outcome == Outcome::delivered && !is_written);
    if (stays) since_kept_.unwritten += history.messages;
  }

  void balance_kept() override {
    before_kept_ += std::exchange(since_kept_, {});
    since_kept_.sent = under_way();
  }

  /// What the operator has set until now stays, and the balance that was given.
  void nothing_in_doubt() override {
    before_kept_ = {};
    if (settings_.size() > 1) settings_.erase(settings_.begin(), settings_.end() - 1);
  }

  void daemon_ended(const DaemonEnd& end) override {
    const DiskTrace& safety = world_.safety();
    is_lossy_ = is_lossy_ || end.is_lossy;
    Unshown unshown = since_kept_;
    unshown += before_kept_;
    unwritten_ += unshown.unwritten;
    if (!end.balance) return;
    balance_ = end.balance;
    allowed_ = safety.messages_in_doubt() + unshown.unwritten + world_.trace().largest_sent();
    if (unshown.was_bounded) allowed_ += unshown.sent;
    if (unshown.service_changed) balance_.reset();
    before_kept_ = since_kept_ = {};
  }

  void daemon_started() override {
    const DiskDaemon& daemon = *world_.daemon();
    const queue::LogRecovery& found = daemon.storage().recovery();
    if (world_.flipped_bits() == 0) compare_listing(found.packets);
    if (!is_lossy_ && world_.flipped_bits() == 0) {
      count(found);
      compare_balance(daemon);
      const bool is_known = settings_.empty() || std::ranges::find(settings_, daemon.settings()) != settings_.end();
      if (!is_known) complain("what the operator has set is not what it was");
    }
    settings_ = {daemon.settings()};
    in_service_.clear();
    is_lossy_ = false;
  }

  void life_ended() override {
    if (world_.daemon()->storage().recovery().packets > 0 && !is_lossy_ && world_.flipped_bits() == 0) {
      complain("everything was settled, and the last start finds {} packets",
               world_.daemon()->storage().recovery().packets);
    }
    if (world_.scenario().daemon.calm && !world_.safety().was_lossy()) compare_shares();
  }

 private:
  /// What no settlement shows, and is in the next balance: charges of those that refused, and for packets
  /// that the log has not; what max_debt
  /// cuts off of those that are full or out of service, and what becomes of deficits and debts when somebody leaves
  /// service or returns. The latter depends on the order of these events, and is not judged.
  struct Unshown {
    std::uint64_t sent = 0;       ///< messages, with those that were under way at its beginning
    std::uint64_t unwritten = 0;  ///< messages
    bool was_bounded = false;
    bool service_changed = false;

    Unshown& operator+=(const Unshown& other) {
      sent += other.sent;
      unwritten += other.unwritten;
      was_bounded = was_bounded || other.was_bounded;
      service_changed = service_changed || other.service_changed;
      return *this;
    }
  };

  std::uint64_t under_way() const {
    std::uint64_t messages = 0;
    if (world_.daemon() == nullptr) return messages;
    for (const auto& view : world_.daemon()->views()) messages += view.account.in_flight_messages;
    return messages;
  }

  void look_at_service(const DiskDaemon& daemon) {
    std::vector<bool> in_service;
    const auto views = daemon.views();
    for (AnalyzerId id = 0; id < views.size(); ++id) {
      const std::uint32_t capacity = world_.scenario().daemon.analyzers[id].spec.capacity;
      in_service.push_back(views[id].in_service);
      const bool is_full = views[id].account.in_flight >= std::min(views[id].slots, capacity);
      since_kept_.was_bounded = since_kept_.was_bounded || is_full || !views[id].in_service;
    }
    const bool is_other = !in_service_.empty() && in_service != in_service_;
    since_kept_.service_changed = since_kept_.service_changed || is_other;
    in_service_ = std::move(in_service);
  }

  /// Those that were stored and had not ended, and at most those besides that may be on the disk.
  void count(const queue::LogRecovery& found) {
    checked();
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    for (const Safety& packet : world_.safety().packets()) {
      if (packet.ended == Safety::Ended::surely) continue;
      ++most;
      // One that was refused may have been found, and may go again with the power.
      if (packet.acknowledged && packet.is_durable && !packet.may_be_lost && packet.ended == Safety::Ended::no) ++least;
    }
    if (found.packets < least || (found.packets > most && !world_.safety().was_lossy())) {
      complain("{} packets are recovered; {} were left, or {} with those that are in doubt", found.packets, least,
               most);
    }
  }

  /// What is listed as queued is what a start delivers, but for packets that nobody can read.
  void compare_listing(std::uint64_t recovered) {
    const auto listed = world_.packets_listed();
    const bool is_whole = !world_.safety().was_lossy() && !is_lossy_;
    if (!listed || *listed > recovered || (*listed < recovered && is_whole)) {
      complain("a listing shows {} packets as queued, and the start has recovered {}",
               listed ? std::to_string(*listed) : "no", recovered);
    }
  }

  /// Both as a start makes use of them.
  void compare_balance(const DiskDaemon& daemon) {
    if (!balance_) return;
    checked();
    const auto expected = storage::restore_balance(*balance_, daemon.configured());
    for (std::size_t index = 0; index < expected.analyzers.size(); ++index) {
      const double before = expected.analyzers[index].owed;
      const double restored = daemon.restored().analyzers.empty() ? 0 : daemon.restored().analyzers[index].owed;
      const double off = std::abs(before - restored);
      if (off > static_cast<double>(allowed_) + 1e-3) {
        complain("analyzer {} was owed {:.1f} messages and is owed {:.1f}; with what was in doubt it may differ by {}",
                 index, before, restored, allowed_);
      }
    }
  }

  /// Over all processes, where nobody is ever full or out of service.
  void compare_shares() {
    checked();
    double total = 0;
    double weights = 0;
    const auto& analyzers = world_.scenario().daemon.analyzers;
    for (std::size_t index = 0; index < analyzers.size(); ++index) {
      total += static_cast<double>(world_.messages_taken()[index]);
      weights += static_cast<double>(analyzers[index].spec.weight_units);
    }
    const auto doubtful = static_cast<double>(world_.safety().messages_doubtful() + unwritten_);
    const auto bound = doubtful + static_cast<double>(2 * world_.trace().largest_sent()) + 1e-3;
    for (std::size_t index = 0; index < analyzers.size(); ++index) {
      const double target = total * static_cast<double>(analyzers[index].spec.weight_units) / weights;
      const auto taken = static_cast<double>(world_.messages_taken()[index]);
      if (std::abs(taken - target) > bound) {
        complain("analyzer {} has {} messages of {}, its share is {:.1f}; {} were in doubt at all ends", index, taken,
                 total, target, doubtful);
      }
    }
  }

  bool is_lossy_ = false;  ///< since the last start
  std::optional<queue::BalanceFigures> balance_;
  std::uint64_t allowed_ = 0;    ///< messages that it may be off by
  std::uint64_t unwritten_ = 0;  ///< messages, at the ends of all processes
  Unshown before_kept_;          ///< until the last balance, if the log may not have that
  Unshown since_kept_;
  std::vector<bool> in_service_;
  std::vector<OperatorSettings> settings_;  ///< any of these may be found: the last is what is set
};

}  // namespace

std::unique_ptr<DiskChecker> make_restarts(const DiskWorld& world, Findings& findings) {
  return std::make_unique<Restarts>("restarts", world, findings);
}

}  // namespace logdist::sim
