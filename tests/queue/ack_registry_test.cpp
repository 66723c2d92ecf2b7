#include "logdist/queue/ack_registry.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace logdist::queue {
namespace {

using core::Receipt;
using testing::ElementsAre;

std::vector<std::uint64_t> numbers(std::size_t count) {
  std::vector<std::uint64_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

TEST(AckRegistry, AnIdIsTrueOnceItsPacketIsDelivered) {
  AckRegistry acks(7);
  const Receipt first = acks.issue("c");
  const Receipt second = acks.issue("c");
  EXPECT_TRUE(first.is_set());
  EXPECT_EQ(first.number, 0u);
  EXPECT_EQ(second.number, 1u);
  EXPECT_THAT(acks.query("c", {0, 1, 2}), ElementsAre(false, false, false));
  acks.delivered(second);
  EXPECT_THAT(acks.query("c", {0, 1, 2}), ElementsAre(false, true, false));
  EXPECT_THAT(acks.query("c", {1}), ElementsAre(true)) << "asked again, as after an answer that was lost";
  EXPECT_THAT(acks.query("d", {1}), ElementsAre(false));
}

TEST(AckRegistry, ChannelsCountByThemselves) {
  AckRegistry acks(std::numeric_limits<std::uint64_t>::max());  // the next number is 0, which is none
  const Receipt of_c = acks.issue("c");
  const Receipt of_d = acks.issue("d");
  EXPECT_EQ(of_d.number, 0u);
  EXPECT_TRUE(of_d.is_set());
  acks.delivered(of_d);
  EXPECT_THAT(acks.query("c", {0}), ElementsAre(false));
  EXPECT_THAT(acks.query("d", {0}), ElementsAre(true));
  acks.delivered(of_c);
  EXPECT_THAT(acks.query("c", {0}), ElementsAre(true));
}

IpAddress client(int last) { return *IpAddress::parse("192.0.2." + std::to_string(last)); }

TEST(AckRegistry, AClientBeyondItsShareLosesItsOwnChannels) {
  AckRegistry acks(7, 10);
  for (int i = 0; i < 3; ++i) acks.delivered(acks.issue("a" + std::to_string(i), client(1)));
  for (int i = 0; i < 1000; ++i) acks.issue("b" + std::to_string(i), client(2));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(acks.query("a" + std::to_string(i), {0}), ElementsAre(true)) << i;
  EXPECT_EQ(acks.counts().channels, 10u);
  const Receipt last = acks.issue("b999", client(2));
  EXPECT_EQ(last.number, acks.issue("b998", client(2)).number) << "the latest ones are kept";
}

TEST(AckRegistry, ANewClientTakesThatOfOneBeyondItsShare) {
  AckRegistry acks(7, 9);
  acks.delivered(acks.issue("a", client(1)));
  for (int i = 0; i < 8; ++i) acks.issue("b" + std::to_string(i), client(2));
  acks.delivered(acks.issue("c", client(3)));  // the share is three now
  acks.delivered(acks.issue("d", client(3)));
  EXPECT_THAT(acks.query("a", {0}), ElementsAre(true)) << "used before all of them";
  acks.issue("b7", client(2));
  EXPECT_EQ(acks.counts().channels, 9u);
}

TEST(AckRegistry, OfMoreClientsThanChannelsTheIdlestLosesItsOwn) {
  AckRegistry acks(7, 2);
  acks.delivered(acks.issue("a", client(1)));
  const Receipt kept = acks.issue("b", client(2));
  acks.issue("c", client(3));
  EXPECT_THAT(acks.query("a", {0}), ElementsAre(false));
  acks.delivered(kept);
  EXPECT_THAT(acks.query("b", {kept.number}), ElementsAre(true));
}

TEST(AckRegistry, ACanceledNumberIsNeverTrueAndNotGivenAgain) {
  AckRegistry acks(7, 10, 2);
  const Receipt kept = acks.issue("c");
  const Receipt canceled = acks.issue("c");
  acks.cancel(canceled);
  acks.delivered(canceled);
  EXPECT_THAT(acks.query("c", {1}), ElementsAre(false));
  EXPECT_EQ(acks.issue("c").number, 2u);
  acks.delivered(kept);
  EXPECT_THAT(acks.query("c", {0}), ElementsAre(true)) << "the canceled one takes no space";
}

TEST(AckRegistry, AFullChannelForgetsItsOldest) {
  AckRegistry acks(7, 10, 3);
  std::vector<Receipt> receipts;
  for (int i = 0; i < 5; ++i) receipts.push_back(acks.issue("c"));
  for (const Receipt& receipt : receipts) acks.delivered(receipt);
  EXPECT_THAT(acks.query("c", numbers(5)), ElementsAre(false, false, true, true, true));
}

TEST(AckRegistry, TheChannelIdleForLongestMakesRoom) {
  AckRegistry acks(7, 2, 10);
  const Receipt asked = acks.issue("asked about");
  const Receipt idle = acks.issue("idle");
  acks.query("asked about", {0});
  const Receipt third = acks.issue("third");
  for (const Receipt& receipt : {asked, idle, third}) acks.delivered(receipt);
  EXPECT_THAT(acks.query("asked about", {0}), ElementsAre(true));
  EXPECT_THAT(acks.query("third", numbers(2)), ElementsAre(false, true))
      << "behind the numbers of the one that was forgotten";
  acks.cancel(idle);  // nothing is there
  const Receipt again = acks.issue("idle");
  EXPECT_GT(again.number, idle.number) << "an old number speaks of no new packet";
  EXPECT_NE(again.channel, idle.channel);
  acks.delivered(idle);
  EXPECT_THAT(acks.query("idle", {0, again.number}), ElementsAre(false, false));
}

TEST(AckRegistry, NumbersBeginWhereTheyAreToldTo) {
  AckRegistry acks(7, 1, 10, 4'000'000'000'000'000);
  EXPECT_EQ(acks.issue("c").number, 4'000'000'000'000'000u);
  acks.delivered(acks.issue("c"));
  EXPECT_THAT(acks.query("c", {0, 1, 4'000'000'000'000'001}), ElementsAre(false, false, true));
  EXPECT_EQ(acks.issue("d").number, 4'000'000'000'000'002u) << "behind those of the channel that was forgotten";
}

TEST(AckRegistry, AReceiptOfAnEarlierProcessFitsNothing) {
  AckRegistry earlier(1'000'000);
  const Receipt receipt = earlier.issue("c");
  AckRegistry acks(7);
  acks.issue("c");
  acks.delivered(receipt);
  acks.cancel(receipt);
  EXPECT_THAT(acks.query("c", {0}), ElementsAre(false));
}

std::vector<std::uint64_t> numbers_of(const AckRegistry::Counts& counts) {
  return {counts.channels, counts.pending, counts.delivered, counts.forgotten_pending, counts.forgotten_delivered};
}

TEST(AckRegistry, CountsWhatItsIdsHaveBecome) {
  AckRegistry acks(7, 2, 3);
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(0, 0, 0, 0, 0));
  std::vector<Receipt> receipts;
  for (int i = 0; i < 3; ++i) receipts.push_back(acks.issue("c"));
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 3, 0, 0, 0));
  for (int times = 0; times < 2; ++times) acks.delivered(receipts[0]);
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 2, 1, 0, 0)) << "once, however often it is told";
  for (int times = 0; times < 2; ++times) acks.cancel(receipts[1]);
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 1, 1, 0, 0));
  acks.delivered(receipts[1]);
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 1, 1, 0, 0)) << "nobody was told that id";
  for (int i = 0; i < 3; ++i) acks.issue("c");
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 3, 1, 1, 1)) << "the oldest two have made room";
  acks.delivered(acks.issue("d"));
  acks.issue("e");
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(2, 1, 2, 4, 1)) << "and then all of c";
}

/// As when the agent leaves while its packet is delivered.
TEST(AckRegistry, ADeliveredIdMayBeCanceled) {
  AckRegistry acks(7);
  const Receipt receipt = acks.issue("c");
  acks.delivered(receipt);
  acks.cancel(receipt);
  EXPECT_THAT(numbers_of(acks.counts()), ElementsAre(1, 0, 1, 0, 0));
}

TEST(AckRegistry, NamesAreVisibleAscii) {
  EXPECT_TRUE(AckRegistry::is_valid_name("6a1c3d5e-0000-4000-8000-000000000000"));
  EXPECT_TRUE(AckRegistry::is_valid_name(std::string(128, '~')));
  for (const std::string& name : {std::string(), std::string(129, 'x'), std::string("a b"), std::string("\x7f"),
                                  std::string("\xc3\xa4"), std::string("\n")}) {
    EXPECT_FALSE(AckRegistry::is_valid_name(name)) << name;
  }
}

/// Loops issue, settle and ask at the same time; each number is given once, and no answer is wrong.
TEST(AckRegistry, IsSharedByLoops) {
  constexpr std::size_t each = 2'000;
  AckRegistry acks(7, 4, 4 * each);
  std::vector<std::vector<std::uint64_t>> given(4);
  std::atomic<bool> wrong{false};
  std::vector<std::thread> loops;
  for (std::vector<std::uint64_t>& own : given) {
    loops.emplace_back([&] {
      for (std::size_t i = 0; i < each; ++i) {
        const Receipt receipt = acks.issue("shared");
        own.push_back(receipt.number);
        if (acks.query("shared", {receipt.number})[0]) wrong = true;
        if (i % 2 == 0) acks.delivered(receipt);
        if (i % 4 == 1) acks.cancel(receipt);
        if (acks.query("shared", {receipt.number})[0] != (i % 2 == 0)) wrong = true;
      }
    });
  }
  for (std::thread& loop : loops) loop.join();
  EXPECT_FALSE(wrong);
  std::vector<std::uint64_t> all;
  for (const auto& own : given) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, numbers(4 * each));
}

}  // namespace
}  // namespace logdist::queue
