#include "tests/tidy/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logdist::tidy {
namespace {

using testing::ElementsAre;

TEST(Links, ReadsACall) {
  const auto calls = module_calls(
      "# logdist_module(no)\n"
      "logdist_module(ingest ASIO\n  SOURCES a.cpp b.cpp\n  USES logdist::queue Boost::headers logdist::sink_http)\n");
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].name, "ingest");
  EXPECT_TRUE(calls[0].asio);
  EXPECT_EQ(calls[0].line, 2U);
  EXPECT_THAT(calls[0].uses, ElementsAre("queue", "sink/http"));
}

TEST(Links, LowerFloorsMayBeLinked) {
  EXPECT_TRUE(
      check_links("src/queue/CMakeLists.txt", "logdist_module(queue SOURCES a.cpp USES logdist::base)").empty());
}

TEST(Links, HigherFloorsSiblingsAndStrangersMayNot) {
  const auto bite = [](const std::string& uses) {
    return check_links("src/queue/CMakeLists.txt", "logdist_module(queue SOURCES a.cpp USES " + uses + ")").size();
  };
  EXPECT_EQ(bite("logdist::ingest"), 1U);
  EXPECT_EQ(bite("logdist::sink"), 1U);
  EXPECT_EQ(bite("logdist::sink_http"), 1U);
  EXPECT_EQ(bite("logdist::queue"), 1U);
  EXPECT_EQ(bite("logdist::util"), 1U);
}

TEST(Links, PureFloorsTakeNoAsio) {
  EXPECT_EQ(check_links("src/balance/CMakeLists.txt", "logdist_module(balance ASIO SOURCES a.cpp)").size(), 1U);
}

TEST(Links, AModuleIsNamedAsItsFolder) {
  EXPECT_EQ(check_links("src/balance/CMakeLists.txt", "logdist_module(health SOURCES a.cpp)").size(), 1U);
  EXPECT_TRUE(check_links("src/sink/http/CMakeLists.txt", "logdist_module(sink_http ASIO SOURCES a.cpp)").empty());
}

}  // namespace
}  // namespace logdist::tidy
