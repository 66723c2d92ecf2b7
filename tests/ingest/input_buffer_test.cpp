#include "ingest/input_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace logdist::ingest {
namespace {

TEST(InputBuffer, KeepsWhatIsUnusedThroughEveryMove) {
  InputBuffer input;
  std::string expected;
  std::size_t written = 0;
  for (int round = 0; round < 2'000; ++round) {
    if (!input.full()) {
      const auto space = input.space();
      ASSERT_FALSE(space.empty());
      const std::size_t count = std::min<std::size_t>(space.size(), static_cast<std::size_t>(round * 37 % 900) + 1);
      for (std::size_t i = 0; i < count; ++i) {
        space[i] = static_cast<char>('a' + written++ % 26);
        expected += space[i];
      }
      input.commit(count);
    }
    ASSERT_EQ(input.view(), expected);
    const std::size_t used = std::min<std::size_t>(expected.size(), static_cast<std::size_t>(round * 53 % 850));
    input.consume(used);
    expected.erase(0, used);
    if (round % 100 == 0) input.shrink();
  }
  EXPECT_GT(written, InputBuffer::max_size);
}

}  // namespace
}  // namespace logdist::ingest
