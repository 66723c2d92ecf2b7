#include "logdist/net/poller.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/post.hpp>

namespace logdist::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// One end of a pair of sockets, and what it was told.
class Peer : public Watcher {
 public:
  Peer(std::string name, Side side, std::vector<std::string>& told)
      : Watcher(side), name_(std::move(name)), told_(told) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
  }
  ~Peer() override {
    hang_up();
    ::close(ends_[0]);
  }

  int socket() const { return ends_[0]; }
  void write_from_afar() { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  void hang_up() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

  Readiness last;
  std::function<void()> when_told = [] {};

 private:
  void ready(Readiness readiness) override {
    told_.push_back(name_);
    last = readiness;
    when_told();
  }

  const std::string name_;
  std::vector<std::string>& told_;
  std::array<int, 2> ends_{};
};

class PollerTest : public testing::Test {
 protected:
  void add(Peer& peer) { ASSERT_FALSE(poller_.add(peer.socket(), peer)); }
  /// Does all that is ready, and says who was told.
  std::vector<std::string> told() {
    io_.poll();
    io_.restart();
    return std::exchange(told_, {});
  }

  boost::asio::io_context io_{1};
  Poller& poller_ = Poller::of(io_);
  std::vector<std::string> told_;
  Peer agent_{"agent", Watcher::Side::ingress, told_};
  Peer other_{"other", Watcher::Side::ingress, told_};
  Peer analyzer_{"analyzer", Watcher::Side::egress, told_};
};

TEST_F(PollerTest, IsOneForTheLoop) { EXPECT_EQ(&Poller::of(io_), &poller_); }

TEST_F(PollerTest, TellsFirstWhatIsTheCase) {
  agent_.write_from_afar();
  add(agent_);
  add(other_);
  EXPECT_THAT(told(), testing::UnorderedElementsAre("agent", "other"));
  EXPECT_TRUE(agent_.last.readable);
  EXPECT_FALSE(other_.last.readable);
  EXPECT_TRUE(other_.last.writable);
  EXPECT_FALSE(agent_.last.closed);
}

TEST_F(PollerTest, KnowsUntilWhenAllWasTold) {
  add(agent_);
  add(analyzer_);
  told();
  const TimePoint asleep = Clock::now();
  EXPECT_EQ(poller_.last_poll_time(asleep), asleep) << "nothing is under way";

  // While the agent takes its time, the analyzer answers: found in the next round,
  // and it may have come as early as this one's look.
  TimePoint agents_turn = never;
  std::vector<TimePoint> last_poll_time;
  agent_.when_told = [&] {
    if (agents_turn != never) return;
    agents_turn = Clock::now();
    while (Clock::now() - agents_turn < std::chrono::milliseconds(5)) {
    }
    analyzer_.write_from_afar();
    poller_.requeue(agent_);  // so that another round follows
  };
  analyzer_.when_told = [&] { last_poll_time.push_back(poller_.last_poll_time(Clock::now())); };
  agent_.write_from_afar();
  told();
  ASSERT_EQ(last_poll_time.size(), 1u);
  EXPECT_LE(last_poll_time[0], agents_turn) << "our own time is left out";
  EXPECT_GT(last_poll_time[0], asleep);
}

TEST_F(PollerTest, TellsWhatIsNewAndNothingTwice) {
  add(agent_);
  told();
  EXPECT_THAT(told(), IsEmpty());
  agent_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent"));
  EXPECT_THAT(told(), IsEmpty()) << "it was not read, but nothing is new";
  agent_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent"));
}

TEST_F(PollerTest, TellsThatThePeerHasHungUp) {
  add(agent_);
  told();
  agent_.hang_up();
  EXPECT_THAT(told(), ElementsAre("agent"));
  EXPECT_TRUE(agent_.last.closed);
  EXPECT_TRUE(agent_.last.readable) << "the end can be read";
}

TEST_F(PollerTest, HasWhatComesBetweenDoneBetween) {
  add(analyzer_);
  add(agent_);
  told();
  poller_.set_mid_round_hook([this] { told_.push_back(poller_.in_round() ? "between" : "outside"); });
  analyzer_.write_from_afar();
  agent_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent", "between", "analyzer", "outside"));
  EXPECT_FALSE(poller_.in_round());
}

TEST_F(PollerTest, TellsNobodyWhoHasLeft) {
  add(agent_);
  add(analyzer_);
  told();
  agent_.when_told = [this] {
    poller_.remove(analyzer_.socket(), analyzer_);
    poller_.remove(agent_.socket(), agent_);
  };
  agent_.write_from_afar();
  analyzer_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent"));
  agent_.write_from_afar();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(PollerTest, LeavingTwiceIsLeavingOnce) {
  add(agent_);
  add(other_);
  poller_.remove(agent_.socket(), agent_);
  poller_.remove(agent_.socket(), agent_);
  EXPECT_THAT(told(), ElementsAre("other"));
}

TEST_F(PollerTest, ComesAgainToWhoAsks) {
  add(agent_);
  told();
  poller_.requeue(agent_);
  poller_.requeue(agent_);
  EXPECT_THAT(told(), ElementsAre("agent"));
  EXPECT_FALSE(agent_.last.readable || agent_.last.writable || agent_.last.closed);
  EXPECT_THAT(told(), IsEmpty());

  poller_.requeue(agent_);
  poller_.remove(agent_.socket(), agent_);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(PollerTest, LetsTheLoopDoOtherThingsHoweverOftenSomebodyAsks) {
  add(agent_);
  int times = 0;
  agent_.when_told = [&] {
    if (++times < 1000) poller_.requeue(agent_);
  };
  int times_before_the_other = 0;
  boost::asio::post(
      io_, [&] { boost::asio::post(io_, [&] { boost::asio::post(io_, [&] { times_before_the_other = times; }); }); });
  told();
  EXPECT_EQ(times, 1000);
  EXPECT_LT(times_before_the_other, 100);
}

TEST_F(PollerTest, KeepsTheLoopRunningWhileItWatchesSomebody) {
  add(agent_);
  told();
  boost::asio::post(io_, [this] { poller_.remove(agent_.socket(), agent_); });
  io_.run();  // ends
  io_.restart();

  add(agent_);
  poller_.remove(agent_.socket(), agent_);
  add(agent_);  // before the loop has heard that nobody was left
  agent_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent"));
  agent_.write_from_afar();
  EXPECT_THAT(told(), ElementsAre("agent"));
}

TEST_F(PollerTest, SaysThatASocketCannotBeWatched) {
  EXPECT_TRUE(poller_.add(-1, agent_));
  EXPECT_THAT(told(), IsEmpty());
}

}  // namespace
}  // namespace logdist::net
