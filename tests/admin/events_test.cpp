#include "logdist/admin/events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace logdist::admin {
namespace {

TEST(EventLog, NumbersAndDatesWhatIsPosted) {
  EventLog log;
  const auto before = std::chrono::system_clock::now();
  log.post({.kind = EventKind::state, .warning = true, .analyzer = "a", .text = "healthy -> failed"});
  log.post({.kind = EventKind::reload, .text = "2 analyzers changed"});
  ASSERT_EQ(log.events().size(), 2u);
  EXPECT_EQ(log.events()[0].number, 1u);
  EXPECT_EQ(log.events()[0].analyzer, "a");
  EXPECT_TRUE(log.events()[0].warning);
  EXPECT_EQ(log.events()[1].number, 2u);
  EXPECT_EQ(log.events()[1].text, "2 analyzers changed");
  EXPECT_GE(log.events()[0].at, before);
  EXPECT_LE(log.events()[1].at, std::chrono::system_clock::now());
}

TEST(EventLog, KeepsTheNewest) {
  EventLog log(3);
  for (int i = 1; i <= 10; ++i) log.post({.text = std::to_string(i)});
  ASSERT_EQ(log.events().size(), 3u);
  EXPECT_EQ(log.events().front().text, "8");
  EXPECT_EQ(log.events().front().number, 8u);
  EXPECT_EQ(log.events().back().number, 10u);
}

TEST(EventLog, TellsItsObserverWhenTheEventIsThere) {
  EventLog log;
  std::vector<std::size_t> seen;
  log.observe([&] { seen.push_back(log.events().size()); });
  log.post({});
  log.post({});
  log.observe({});
  log.post({});
  EXPECT_THAT(seen, ::testing::ElementsAre(1u, 2u));
}

TEST(EventLog, EveryKindHasAName) {
  std::set<std::string> names;
  for (const EventKind kind : {EventKind::state, EventKind::pause, EventKind::catch_up, EventKind::weight,
                               EventKind::analyzer, EventKind::reload, EventKind::daemon}) {
    names.insert(to_string(kind));
  }
  EXPECT_EQ(names.size(), 7u);
}

}  // namespace
}  // namespace logdist::admin
