// Asks whether the daemon lives and whether its ledger balances, whatever else it has to do.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "logdist/base/time.hpp"

namespace logdist::e2e {

/// The answer to a GET of the admin port, on a connection of its own; a port that is full may close that, and it is
/// made again up to four times. Throws std::runtime_error when it was not answered 200.
std::string ask_admin(const std::string& admin_url, const std::string& target);

/// Asks on a thread of its own from construction on, with ask_admin().
class AdminWatch {
 public:
  explicit AdminWatch(const std::string& admin_url);
  ~AdminWatch();
  AdminWatch(const AdminWatch&) = delete;
  AdminWatch& operator=(const AdminWatch&) = delete;

  /// Ends after one more question of each kind: /healthz always answered 200, and every scrape balanced.
  void expect_well();
  /// The longest time that /healthz took to be answered. After expect_well().
  Duration slowest() const { return slowest_; }

 private:
  void watch();
  void ask_for_balance();
  void join();

  const std::string admin_url_;
  std::atomic<bool> stopping_{false};
  // The thread's until it is joined.
  std::size_t questions_ = 0;
  Duration slowest_{};
  std::vector<std::string> faults_;
  std::thread thread_;
};

}  // namespace logdist::e2e
