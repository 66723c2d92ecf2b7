#include "tests/e2e/ledger_watch.hpp"

#include <gtest/gtest.h>

#include <exception>

#include "tests/e2e/samples.hpp"
#include "tests/e2e/wait.hpp"
#include "tests/support/http_client.hpp"

namespace logdist::e2e {

LedgerWatch::LedgerWatch(const std::string& admin_url) : thread_([this, admin_url] { watch(admin_url); }) {}

LedgerWatch::~LedgerWatch() { join(); }

void LedgerWatch::join() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void LedgerWatch::watch(const std::string& admin_url) {
  try {
    test::HttpClient client(admin_url);
    for (bool last = false; !last; breathe()) {
      last = stopping_;  // asked before the scrape, so that one comes after the end of the load
      const Samples samples(client.get("/metrics").body);
      if (std::string fault = samples.imbalance(); !fault.empty()) faults_.push_back(std::move(fault));
      ++scrapes_;
    }
  } catch (const std::exception& error) {
    unheard_ = error.what();
  }
}

void LedgerWatch::expect_balanced() {
  expect_balanced_to_its_end();
  EXPECT_EQ(unheard_, "") << "after " << scrapes_ << " scrapes";
}

void LedgerWatch::expect_balanced_to_its_end() {
  join();
  EXPECT_GT(scrapes_, 0u);
  EXPECT_TRUE(faults_.empty()) << faults_.size() << " of " << scrapes_ << " scrapes, the first:\n"
                               << (faults_.empty() ? "" : faults_.front());
}

}  // namespace logdist::e2e
