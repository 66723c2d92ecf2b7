// The table of clients.
#include <gmock/gmock.h>

#include <string>

#include "tests/tools/top/top_sample.hpp"
#include "tools/top/top_clients.hpp"
#include "tools/top/top_view.hpp"

namespace logdist::tools {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += paint(line, false) + "\n";
  return text;
}

TopStatus with_clients(int second) {
  TopStatus status = sample_status(second);
  const auto count = static_cast<std::uint64_t>(second);
  status.clients = {{"anonymous", 100, 100, {}, 0},
                    {"edge", 1'000 + 20 * count, 1'000 + 400 * count, {{"rate", 5 * count}}, 42},
                    {"core", 2'000 + 100 * count, 3'000, {}, 0}};
  return status;
}

TEST(TopClients, AreShownByWhatTheySend) {
  const TopStatus before = with_clients(0);
  const TopStatus now = with_clients(1);
  const std::string table = text_of(client_table(now, &before, 8));
  EXPECT_THAT(table, ContainsRegex("CLIENT +PACKETS/S +MSG/S +REFUSED/S +IN QUEUE\n"
                                   "core +100 +0 +0 +0\nedge +20.0 +400 +5.0 +42\nanonymous +0 +0 +0 +0\n"));
}

TEST(TopClients, AreSoManyAtMost) {
  TopStatus now = with_clients(1);
  now.clients_not_shown = 10;
  const auto table = client_table(now, nullptr, 2);
  EXPECT_THAT(table, SizeIs(3));
  EXPECT_THAT(text_of(table), HasSubstr("CLIENT (2 of 13)"));
  EXPECT_THAT(text_of(table), ContainsRegex("anonymous +- +- +- +0"));
}

TEST(TopClients, AreLeftOutWhereNobodyIsToldApart) {
  EXPECT_THAT(client_table(sample_status(1), nullptr, 8), IsEmpty());
  TopStatus now = sample_status(1);
  now.clients = {{"anonymous", 100, 100, {}, 0}};
  EXPECT_THAT(client_table(now, nullptr, 8), IsEmpty());
  now.clients[0].refused["rate"] = 1;
  EXPECT_THAT(client_table(now, nullptr, 8), SizeIs(2));
}

TEST(TopClients, AreOnTheScreenWhereThereIsRoom) {
  Snapshot snapshot;
  snapshot.now = with_clients(1);
  snapshot.before = with_clients(0);
  EXPECT_THAT(text_of(top_screen(snapshot, 160, 40)), HasSubstr("REFUSED/S"));
  EXPECT_THAT(text_of(top_screen(snapshot, 160, 10)), Not(HasSubstr("REFUSED/S")));
}

}  // namespace
}  // namespace logdist::tools
