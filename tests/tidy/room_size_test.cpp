#include "tests/tidy/room_size.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logdist::tidy {
namespace {

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "int a;\n";
  return text;
}

TEST(RoomSize, CountsLinesWithCode) {
  EXPECT_EQ(code_lines(SourceText("src/queue/a.cpp", "// Head.\n\nint a;  // one\n  // not one\n}\n")), 2U);
}

TEST(RoomSize, AddsUpPublicAndPrivateSources) {
  const SourceText fits("include/logdist/queue/a.hpp", lines(room_lines_max - 1));
  EXPECT_TRUE(check_room_sizes({fits, SourceText("src/queue/a.cpp", lines(1))}).empty());
  const Faults faults = check_room_sizes({fits, SourceText("src/queue/a.cpp", lines(2))});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].path, "src/queue");
}

TEST(RoomSize, CountsANestedRoomByItself) {
  const SourceText outer("src/sink/a.cpp", lines(room_lines_max));
  EXPECT_TRUE(check_room_sizes({outer, SourceText("src/sink/http/b.cpp", lines(room_lines_max))}).empty());
}

TEST(RoomSize, LeavesTestsAlone) {
  EXPECT_TRUE(check_room_sizes({SourceText("tests/queue/a_test.cpp", lines(room_lines_max + 1))}).empty());
}

}  // namespace
}  // namespace logdist::tidy
