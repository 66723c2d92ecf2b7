#include "admin/status_feed.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "tests/telemetry/sample_scrape.hpp"

namespace logdist::admin {
namespace {

using namespace std::chrono_literals;

struct CountingWatcher final : Watcher {
  void news() override { ++count; }
  int count = 0;
};

/// A feed on a loop that runs in the test's own thread.
class StatusFeedTest : public ::testing::Test {
 protected:
  StatusFeedTest() {
    limits_.status_interval = 1ms;
    Sources sources;
    sources.readiness = [] { return Readiness(); };
    sources.request_scrape = [this](std::function<void(telemetry::Scrape)> receive) {
      ++asked_;
      if (answers_) receive(telemetry::sample_scrape());
    };
    sources.events = events_;
    feed_ = std::make_shared<StatusFeed>(loop_.get_executor(), std::make_shared<const Sources>(sources), limits_);
  }

  boost::asio::io_context loop_;
  const std::shared_ptr<EventLog> events_ = std::make_shared<EventLog>();
  Limits limits_;
  std::shared_ptr<StatusFeed> feed_;
  int asked_ = 0;
  bool answers_ = true;
};

TEST_F(StatusFeedTest, GathersOnceForAllAndNothingForNobody) {
  CountingWatcher first;
  CountingWatcher second;
  EXPECT_TRUE(feed_->join(first));
  EXPECT_TRUE(feed_->join(second));
  while (second.count < 3) loop_.run_one();
  EXPECT_EQ(first.count, second.count);
  EXPECT_LE(asked_, second.count + 1);
  ASSERT_TRUE(feed_->status());
  feed_->leave(first);
  feed_->leave(second);
  const int asked = asked_;
  loop_.run();  // ends, since nothing is left to do
  EXPECT_EQ(asked_, asked);
  EXPECT_FALSE(feed_->status()) << "too old for who comes next";
}

TEST_F(StatusFeedTest, BeginsAnewWithTheNextWatcher) {
  CountingWatcher first;
  feed_->join(first);
  while (first.count < 1) loop_.run_one();
  const std::uint64_t seen = feed_->status_number();
  feed_->leave(first);
  loop_.run();
  loop_.restart();
  CountingWatcher second;
  feed_->join(second);
  while (second.count < 1) loop_.run_one();
  EXPECT_GT(feed_->status_number(), seen);
  EXPECT_TRUE(feed_->status());
}

TEST_F(StatusFeedTest, DoesNotAskOverAndOver) {
  answers_ = false;
  CountingWatcher watcher;
  feed_->join(watcher);
  for (int ticks = 0; ticks < 5; ++ticks) loop_.run_one();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(watcher.count, 0);
  EXPECT_FALSE(feed_->status());
}

TEST_F(StatusFeedTest, PassesOnThatAnEventIsThere) {
  answers_ = false;
  CountingWatcher watcher;
  feed_->join(watcher);
  events_->post({});
  EXPECT_EQ(watcher.count, 1);
  feed_->leave(watcher);
  events_->post({});
  EXPECT_EQ(watcher.count, 1);
}

TEST_F(StatusFeedTest, TellsThatItIsOver) {
  CountingWatcher watcher;
  feed_->join(watcher);
  feed_->stop();
  EXPECT_TRUE(feed_->stopped());
  EXPECT_EQ(watcher.count, 1);
  loop_.run();
}

TEST_F(StatusFeedTest, MayGoWhileAScrapeIsOnItsWay) {
  CountingWatcher watcher;
  feed_->join(watcher);
  feed_->leave(watcher);
  feed_.reset();
  events_->post({});
  loop_.run();
  EXPECT_EQ(watcher.count, 0);
}

}  // namespace
}  // namespace logdist::admin
