#include "logdist/core/buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "logdist/base/random.hpp"

namespace logdist::core {
namespace {

constexpr std::size_t ample_bytes = std::size_t{1} << 30;

TEST(BufferPool, GivesTheRoomAskedForWithAtMostAQuarterSlack) {
  BufferPool pool(0);
  EXPECT_EQ(pool.take(0).capacity(), BufferPool::min_capacity);
  EXPECT_EQ(pool.take(512).capacity(), 512u);
  EXPECT_EQ(pool.take(513).capacity(), 640u);
  EXPECT_EQ(pool.take(1024).capacity(), 1024u);
  EXPECT_EQ(pool.take(1025).capacity(), 1280u);
  for (std::size_t wanted = BufferPool::min_capacity; wanted < (std::size_t{1} << 22); wanted += wanted / 37 + 1) {
    const std::size_t capacity = pool.take(wanted).capacity();
    EXPECT_GE(capacity, wanted);
    EXPECT_LE(capacity - wanted, wanted / 4);
  }
}

TEST(BufferPool, RecyclesABlockForItsSizeClassOnly) {
  BufferPool pool(ample_bytes);
  Buffer first = pool.take(2000);
  const char* block = first.data();
  first = Buffer();
  EXPECT_EQ(pool.kept_bytes(), 2048u);
  const Buffer smaller = pool.take(700);
  EXPECT_NE(smaller.data(), block);
  const Buffer same_class = pool.take(1900);
  EXPECT_EQ(same_class.data(), block);
  EXPECT_EQ(same_class.size(), 0u);
  EXPECT_EQ(pool.kept_bytes(), 0u);
}

TEST(BufferPool, KeepsNoMoreThanItsBound) {
  BufferPool pool(10'000);
  std::vector<Buffer> buffers;
  for (int i = 0; i < 20; ++i) buffers.push_back(pool.take(1024));
  buffers.clear();
  EXPECT_EQ(pool.kept_bytes(), 9u * 1024);
}

TEST(BufferPool, KeepsNoVeryLargeBlock) {
  BufferPool pool(ample_bytes);
  { const Buffer largest_kept = pool.take(BufferPool::max_kept_capacity); }
  EXPECT_EQ(pool.kept_bytes(), BufferPool::max_kept_capacity);
  { const Buffer larger = pool.take(BufferPool::max_kept_capacity + 1); }
  EXPECT_EQ(pool.kept_bytes(), BufferPool::max_kept_capacity);
}

TEST(BufferPool, PaddingBehindTheRoomIsReadableAndZeroed) {
  BufferPool pool(0);
  for (const std::size_t capacity : {512u, 640u, 20'480u}) {
    const Buffer buffer = pool.take(capacity);
    const char* padding = buffer.data() + buffer.capacity();
    EXPECT_TRUE(std::all_of(padding, padding + simdjson::SIMDJSON_PADDING, [](char byte) { return byte == 0; }));
  }
}

TEST(Buffer, IsEmptyWithoutAPool) {
  Buffer buffer;
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_TRUE(buffer.view().empty());
  buffer.resize(0);
  buffer.append("");
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(Buffer, MovesItsBlockAndLeavesNothingBehind) {
  BufferPool pool(ample_bytes);
  Buffer source = pool.take(100);
  source.append("hello");
  const char* block = source.data();
  Buffer target(std::move(source));
  EXPECT_EQ(target.view(), "hello");
  EXPECT_EQ(target.data(), block);
  EXPECT_EQ(source.capacity(), 0u);  // NOLINT(bugprone-use-after-move): emptiness is promised

  Buffer other = pool.take(100);
  other = std::move(target);
  EXPECT_EQ(other.view(), "hello");
  EXPECT_EQ(pool.kept_bytes(), 512u) << "the block it had before went back";
  Buffer& itself = other;
  other = std::move(itself);
  EXPECT_EQ(other.view(), "hello");
}

TEST(Buffer, AppendsAcrossBlocksAndGrowsGeometrically) {
  constexpr std::uint64_t seed = 20240611;
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  BufferPool pool(ample_bytes);
  Buffer buffer = pool.take(0);
  std::string expected;
  int growths = 0;
  while (expected.size() < 3'000'000) {
    const std::string piece(random.below(5000), static_cast<char>('a' + random.below(26)));
    const std::size_t capacity_before = buffer.capacity();
    buffer.append(piece);
    expected += piece;
    if (buffer.capacity() != capacity_before) {
      ++growths;
      EXPECT_GE(buffer.capacity(), 2 * capacity_before);
    }
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_LE(growths, 13);
}

TEST(Buffer, AppendsItsOwnBytes) {
  BufferPool pool(0);
  Buffer buffer = pool.take(512);
  buffer.append(std::string(400, 'x'));
  buffer.append(buffer.view());
  EXPECT_EQ(buffer.view(), std::string(800, 'x'));
}

TEST(BufferDeathTest, MoreBodyThanRoomIsABrokenInvariant) {
  BufferPool pool(0);
  Buffer buffer = pool.take(512);
  EXPECT_DEATH(buffer.resize(513), "broken invariant");
}

}  // namespace
}  // namespace logdist::core
