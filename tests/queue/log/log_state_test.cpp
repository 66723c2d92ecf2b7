// What is not done, by segment; against a plain map.
#include "logdist/queue/log/log_state.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "logdist/base/random.hpp"
#include "tests/support/seed.hpp"

namespace logdist::queue {
namespace {

using Ids = std::vector<std::uint64_t>;

TEST(LogState, CountsWhatIsNotDone) {
  LogState state;
  state.open_segment(1, 1000);
  state.add_packet({1, 5}, 10);
  state.add_packet({4, 7}, 20);
  state.open_segment(5, 1000);
  state.add_packet({5, 1}, 30);
  EXPECT_EQ(state.live_packets(), 3u);
  EXPECT_EQ(state.live_messages(), 13u);
  EXPECT_FALSE(state.settle({2, 1}));
  EXPECT_TRUE(state.settle({4, 7}));
  EXPECT_FALSE(state.settle({4, 7}));
  EXPECT_EQ(state.live_ids(1, 0, 100), (Ids{1}));
  EXPECT_FALSE(state.oldest_is_done());
  EXPECT_TRUE(state.settle({1, 5}));
  EXPECT_TRUE(state.oldest_is_done());
  state.remove_oldest();
  EXPECT_FALSE(state.oldest_is_done());  // the newest stays
  EXPECT_EQ(state.file_bytes(), 1000u);
}

TEST(LogState, MovesAPacketThatIsStuck) {
  LogState state;
  state.open_segment(1, 1);
  state.add_packet({1, 3}, 0);
  for (std::uint64_t id = 2; id <= 9; ++id) {
    EXPECT_FALSE(state.oldest_pins_too_many()) << id;
    state.open_segment(id, 1);
  }
  state.open_segment(10, 1);
  ASSERT_TRUE(state.oldest_pins_too_many());
  state.add_packet({1, 3}, 0);  // the copy
  EXPECT_EQ(state.live_packets(), 1u);
  EXPECT_EQ(state.live_messages(), 3u);
  EXPECT_FALSE(state.is_live(1, 1));
  EXPECT_TRUE(state.is_live(1, 10));
  EXPECT_TRUE(state.oldest_is_done());
  EXPECT_EQ(state.live_ids(10, 0, 100), (Ids{1}));
  EXPECT_TRUE(state.settle({1, 3}));
  EXPECT_EQ(state.live_messages(), 0u);
}

TEST(LogState, MovesNothingOutOfASegmentThatIsDone) {
  LogState state;
  for (std::uint64_t id = 1; id <= 12; ++id) state.open_segment(id, 1);
  EXPECT_TRUE(state.oldest_is_done());
  EXPECT_FALSE(state.oldest_pins_too_many()) << "it is kept on purpose";
}

TEST(LogState, CountsDeadLettersWhereTheyAre) {
  LogState state;
  state.open_segment(1, 1);
  state.add_packet({1, 3}, 0);
  state.add_packet({2, 3}, 0);
  state.open_segment(3, 1);
  state.add_packet({3, 3}, 0);
  state.add_packet({2, 3}, 0);  // the copy
  EXPECT_TRUE(state.settle({1, 3}, SettledAs::dead_lettered));
  EXPECT_FALSE(state.settle({1, 3}, SettledAs::dead_lettered)) << "counted once";
  EXPECT_TRUE(state.settle({2, 3}, SettledAs::dead_lettered));
  EXPECT_TRUE(state.settle({3, 3}, SettledAs::handed_back));
  EXPECT_EQ(state.segments().front().dead_letters, 1u);
  EXPECT_EQ(state.segments().back().dead_letters, 1u);
}

TEST(LogState, RebuildsFromSummaries) {
  LogState state;
  SegmentSummary first;
  first.packets = {{1, 1}, {2, 2}, {90, 3}};
  first.settled = {{2, 2}};
  SegmentSummary second;
  second.packets = {{100, 1}, {1, 1}};  // 1 was moved
  second.settled = {{90, 3}, {77, 1}};
  second.dead_letters = {90, 77};
  second.damaged = {{64, 1}};
  state.add_segment(1, 500, first);
  state.add_segment(100, 500, second);
  EXPECT_EQ(state.live_packets(), 2u);
  EXPECT_EQ(state.live_ids(100, 0, 1000), (Ids{1, 100}));
  EXPECT_TRUE(state.oldest_is_done());
  EXPECT_TRUE(state.segments().back().damaged);
  EXPECT_EQ(state.segments().front().dead_letters, 1u);
  EXPECT_EQ(state.segments().back().dead_letters, 0u);
}

TEST(LogStateProperty, AgreesWithAMap) {
  Random random(test::draw_seed());
  for (int round = 0; round < 50; ++round) {
    LogState state;
    std::map<std::uint64_t, PacketEntry> model;
    std::uint64_t next = 1;
    std::uint64_t messages = 0;
    state.open_segment(next, 1);
    for (int event = 0; event < 300; ++event) {
      const std::uint64_t draw = random.below(10);
      if (draw < 5) {
        next += random.below(100) == 0 ? 100'000'000 : 1 + random.below(3);
        const PacketEntry packet{next, static_cast<std::uint32_t>(1 + random.below(9))};
        state.add_packet(packet, 0);
        model[next] = packet;
      } else if (draw == 5) {
        state.open_segment(++next, 1);
      } else if (!model.empty()) {
        const auto chosen = std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size())));
        if (draw == 6) {
          state.add_packet(chosen->second, 0);
        } else {
          EXPECT_TRUE(state.settle(chosen->second));
          model.erase(chosen);
        }
      }
      while (state.oldest_is_done()) state.remove_oldest();
    }
    std::map<std::uint64_t, int> found;
    for (const LogSegment& segment : state.segments()) {
      const Ids ids = state.live_ids(segment.first_id, 0, ~std::uint64_t{0});
      EXPECT_EQ(ids.size(), segment.live_packets);
      for (const std::uint64_t id : ids) {
        ++found[id];
        EXPECT_TRUE(state.is_live(id, segment.first_id));
      }
    }
    ASSERT_EQ(found.size(), model.size());
    for (const auto& [id, packet] : model) {
      ASSERT_EQ(found[id], 1) << id;
      messages += packet.messages;
    }
    ASSERT_EQ(state.live_packets(), model.size());
    ASSERT_EQ(state.live_messages(), messages);
  }
}

}  // namespace
}  // namespace logdist::queue
