#include "config/suggestion.hpp"

#include <gtest/gtest.h>

namespace logdist::config {
namespace {

TEST(KeyHint, NamesTheNeighbour) {
  EXPECT_EQ(key_suggestion("", "delivry"), "; did you mean `delivery`?");
  EXPECT_EQ(key_suggestion("server", "max_conections"), "; did you mean `max_connections`?");
  EXPECT_EQ(key_suggestion("delivery.retry", "intial"), "; did you mean `initial`?");
  EXPECT_EQ(key_suggestion("analyzers[]", "wieght"), "; did you mean `weight`?");
  EXPECT_EQ(key_suggestion("analyzers[]", "uri"), "; did you mean `url`?");
  EXPECT_EQ(key_suggestion("", "Server"), "; did you mean `server`?");
}

TEST(KeyHint, NamesTheKeyOfAnotherLevel) {
  EXPECT_EQ(key_suggestion("", "failure_threshold"), "; did you mean `health.failure_threshold`?");
  EXPECT_EQ(key_suggestion("queue", "max_debt"), "; did you mean `balance.max_debt`?");
}

TEST(KeyHint, ExplainsLevels) {
  EXPECT_EQ(key_suggestion("", "queue.max_packets"), "; a dot makes no level, write `max_packets:` below `queue:`");
  EXPECT_EQ(key_suggestion("delivery", "retry.max"), "; a dot makes no level, write `max:` below `retry:`");
}

TEST(KeyHint, IsSilentWhenNothingIsClose) {
  EXPECT_EQ(key_suggestion("analyzers[]", "x"),
            "; allowed: name, url, weight, max_in_flight, forward, formats, decompress, tls, zone, headers");
  const std::string of_server =
      "; allowed: listen, proxy_protocol, trusted_proxies, formats, acks, max_connections, max_body, max_decoded, "
      "max_buffered, "
      "header_timeout, body_timeout, idle_timeout, min_body_rate, tls";
  EXPECT_EQ(key_suggestion("server", "x"), of_server);
  EXPECT_EQ(key_suggestion("server", std::string(1'000'000, 'x')), of_server);
}

TEST(VariableHint, NamesTheNeighbour) {
  EXPECT_EQ(variable_suggestion("LOGDIST_QUEUE_MAX_PACKETS"), "; did you mean `LOGDIST_QUEUE__MAX_PACKETS`?");
  EXPECT_EQ(variable_suggestion("LOGDIST_queue__max_packets"), "; did you mean `LOGDIST_QUEUE__MAX_PACKETS`?");
  EXPECT_EQ(variable_suggestion("LOGDIST_ANALYZER"), "; did you mean `LOGDIST_ANALYZERS`?");
  EXPECT_EQ(variable_suggestion("LOGDIST_SERVICE_HOST"), "");
}

}  // namespace
}  // namespace logdist::config
