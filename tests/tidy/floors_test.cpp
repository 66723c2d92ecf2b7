#include "tests/tidy/floors.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logdist::tidy {
namespace {

Faults faults_of(const std::string& path, const std::string& name) {
  return check_includes(SourceText(path, "// Head.\n#include " + name + "\n"));
}

TEST(Floors, LowerFloorsMayBeUsed) {
  EXPECT_TRUE(faults_of("src/dispatch/lane.cpp", "\"logdist/queue/queue_limits.hpp\"").empty());
  EXPECT_TRUE(faults_of("include/logdist/queue/queue_limits.hpp", "\"logdist/base/time.hpp\"").empty());
  EXPECT_TRUE(faults_of("src/dispatch/lane.cpp", "\"logdist/dispatch/dispatcher.hpp\"").empty());
  EXPECT_TRUE(faults_of("src/dispatch/lane.cpp", "\"dispatch/lane.hpp\"").empty());
  EXPECT_TRUE(faults_of("src/queue/queue_limits.cpp", "<thread>").empty());
}

TEST(Floors, HigherFloorsMayNot) {
  const Faults faults = faults_of("include/logdist/queue/queue_limits.hpp", "\"logdist/ingest/listener.hpp\"");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].line, 2U);
  EXPECT_EQ(faults[0].what, "queue may not use ingest: not a lower floor");
}

TEST(Floors, SiblingsMayNot) {
  EXPECT_EQ(faults_of("src/queue/queue_limits.cpp", "\"logdist/sink/upstream.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("src/health/health.cpp", "\"logdist/delivery/retry_state.hpp\"").size(), 1U);
}

TEST(Floors, PrivateHeadersStayAtHome) {
  EXPECT_EQ(faults_of("src/ingest/session.cpp", "\"queue/lane.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("include/logdist/ingest/listener.hpp", "\"ingest/session.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("tests/ingest/session_test.cpp", "\"queue/lane.hpp\"").size(), 1U);
  EXPECT_TRUE(faults_of("tests/ingest/session_test.cpp", "\"ingest/session.hpp\"").empty());
}

TEST(Floors, PrivateHeadersAreNamedFromSrc) {
  const Faults faults = faults_of("src/ingest/session.cpp", "\"session.hpp\"");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].what, "named from src/: \"ingest/session.hpp\"");
}

TEST(Floors, TestsMayUseAnyFloor) {
  EXPECT_TRUE(faults_of("tests/queue/queue_limits_test.cpp", "\"logdist/server/daemon.hpp\"").empty());
  EXPECT_TRUE(faults_of("tests/queue/queue_limits_test.cpp", "\"tests/support/agent.hpp\"").empty());
  EXPECT_TRUE(faults_of("tests/core/pool_test.cpp", "<thread>").empty());
}

TEST(Floors, PureFloorsAreSansIo) {
  for (const char* name : {"<thread>", "<mutex>", "<boost/asio.hpp>", "<boost/beast/core.hpp>", "<spdlog/spdlog.h>"}) {
    EXPECT_EQ(faults_of("src/balance/selector.cpp", name).size(), 1U) << name;
  }
  EXPECT_TRUE(faults_of("src/balance/selector.cpp", "<vector>").empty());
}

TEST(Floors, EveryModuleHasAFloor) {
  EXPECT_EQ(faults_of("src/util/strings.cpp", "<string>").size(), 1U);
  EXPECT_EQ(faults_of("src/cli/main.cpp", "\"logdist/util/strings.hpp\"").size(), 1U);
}

TEST(Floors, ANestedRoomIsARoomOfItsOwn) {
  EXPECT_EQ(module_of("src/sink/http/pool.cpp"), "sink/http");
  EXPECT_EQ(module_of("include/logdist/sink/upstream.hpp"), "sink");
  EXPECT_TRUE(faults_of("src/sink/http/pool.cpp", "\"logdist/sink/upstream.hpp\"").empty());
  EXPECT_TRUE(faults_of("src/sink/http/pool.cpp", "\"sink/http/pool.hpp\"").empty());
  EXPECT_EQ(faults_of("src/sink/http/pool.cpp", "\"sink/dead_letters/letter_writer.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("include/logdist/sink/upstream.hpp", "\"logdist/sink/http/pool_upstream.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("src/tools/strange/a.cpp", "<string>").size(), 1U);
  EXPECT_TRUE(faults_of("src/codec/decode.cpp", "\"logdist/codec/protobuf/protobuf_walk.hpp\"").empty())
      << "nested, of the same floor";
  EXPECT_EQ(faults_of("src/codec/protobuf/protobuf_walk.cpp", "\"logdist/codec/decode.hpp\"").size(), 1U);
  EXPECT_EQ(faults_of("src/codec/protobuf/a.cpp", "\"logdist/codec/compression/decompressor.hpp\"").size(), 1U);
  EXPECT_TRUE(faults_of("tests/sink/http/pool_test.cpp", "\"sink/http/pool.hpp\"").empty());
}

TEST(Floors, CommentedIncludesAreNone) {
  EXPECT_TRUE(check_includes(SourceText("src/base/a.cpp", "// #include <thread>\n")).empty());
}

}  // namespace
}  // namespace logdist::tidy
