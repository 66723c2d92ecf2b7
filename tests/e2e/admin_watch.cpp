#include "tests/e2e/admin_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <stdexcept>

#include "tests/e2e/samples.hpp"
#include "tests/e2e/wait.hpp"
#include "tests/support/http_client.hpp"

namespace logdist::e2e {

std::string ask_admin(const std::string& admin_url, const std::string& target) {
  std::string fault;
  for (int attempt = 0; attempt < 5; ++attempt) {
    try {
      const test::HttpReply reply = test::HttpClient(admin_url).get(target);
      if (reply.status == 200) return reply.body;
      fault = target + " was answered " + std::to_string(reply.status) + ": " + reply.body;
    } catch (const boost::system::system_error& error) {
      fault = target + " was not answered: " + error.what();
    }
  }
  throw std::runtime_error(fault);
}

AdminWatch::AdminWatch(const std::string& admin_url) : admin_url_(admin_url) {
  thread_ = std::thread([this] { watch(); });
}

AdminWatch::~AdminWatch() { join(); }

void AdminWatch::join() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void AdminWatch::watch() {
  for (bool last = false; !last; breathe()) {
    last = stopping_;
    try {
      const TimePoint asked = Clock::now();
      ask_admin(admin_url_, "/healthz");
      slowest_ = std::max(slowest_, Clock::now() - asked);
      if (questions_++ % 10 == 0 || last) ask_for_balance();
    } catch (const std::runtime_error& error) {
      faults_.push_back(error.what());
    }
  }
}

void AdminWatch::ask_for_balance() {
  std::string fault = Samples(ask_admin(admin_url_, "/metrics")).imbalance();
  if (!fault.empty()) faults_.push_back(std::move(fault));
}

void AdminWatch::expect_well() {
  join();
  EXPECT_GT(questions_, 0u);
  EXPECT_TRUE(faults_.empty()) << faults_.size() << " of " << questions_
                               << " questions, the first: " << (faults_.empty() ? "" : faults_.front());
}

}  // namespace logdist::e2e
