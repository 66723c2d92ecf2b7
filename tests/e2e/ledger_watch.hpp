// Scrapes /metrics again and again, and checks at each that nothing is missing.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace logdist::e2e {

/// Scrapes on a thread of its own from construction on.
class LedgerWatch {
 public:
  explicit LedgerWatch(const std::string& admin_url);
  ~LedgerWatch();
  LedgerWatch(const LedgerWatch&) = delete;
  LedgerWatch& operator=(const LedgerWatch&) = delete;

  /// Ends after one more scrape; each of all must have balanced.
  void expect_balanced();
  /// The same of all scrapes up to the daemon's end, which has come by now.
  void expect_balanced_to_its_end();

 private:
  void watch(const std::string& admin_url);
  void join();

  std::atomic<bool> stopping_{false};
  std::size_t scrapes_ = 0;          ///< the thread's until it is joined, as the next
  std::vector<std::string> faults_;  ///< of the scrapes that did not balance
  std::string unheard_;              ///< why there was no answer any more
  std::thread thread_;
};

}  // namespace logdist::e2e
