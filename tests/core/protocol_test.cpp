#include "logdist/core/protocol.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "logdist/core/header_lines.hpp"

namespace logdist::core {
namespace {

TEST(Protocol, HasANameThatLeadsBack) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < protocol_count; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    names.insert(to_string(protocol));
    EXPECT_EQ(find_protocol(to_string(protocol)), protocol);
  }
  EXPECT_EQ(names.size(), protocol_count);
  EXPECT_TRUE(names.contains("hec-event"));
  EXPECT_EQ(find_protocol("hec"), std::nullopt);
  EXPECT_EQ(find_protocol(""), std::nullopt);
}

TEST(ProtocolSet, HasWhatWasAdded) {
  ProtocolSet set;
  EXPECT_TRUE(set.empty());
  set.add(Protocol::events);
  EXPECT_TRUE(set.has(Protocol::events));
  EXPECT_FALSE(set.has(Protocol::packet));
  for (std::size_t i = 0; i < protocol_count; ++i) set.add(static_cast<Protocol>(i));
  EXPECT_EQ(set, ProtocolSet::all());
}

TEST(HeaderLines, AreFoundByName) {
  const std::string_view lines =
      "Content-Type: a/b\r\nPacket-Format: otlp\r\nPacket-Target: /v1/logs: 1\r\nEmpty: \r\n";
  EXPECT_EQ(header_value(lines, "Packet-Format"), "otlp");
  EXPECT_EQ(header_value(lines, "Packet-Target"), "/v1/logs: 1");
  EXPECT_EQ(header_value(lines, "Empty"), "");
  EXPECT_EQ(header_value(lines, "Packet"), std::nullopt);
  EXPECT_EQ(header_value("", "Packet"), std::nullopt);
}

}  // namespace
}  // namespace logdist::core
