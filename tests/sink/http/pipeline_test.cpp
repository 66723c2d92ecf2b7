#include "sink/http/pipeline.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "logdist/core/packet.hpp"

namespace logdist::sink {
namespace {

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    for (std::size_t index = 0; index < packets.size(); ++index) {
      packets[index].body = buffers.take(16);
      packets[index].body.append("body" + std::to_string(index) + ";");
      attempts[index].packet = &packets[index];
    }
  }
  void push(std::size_t index) {
    InFlightRequest& request = pipeline.push_back();
    request.attempt = &attempts[index];
    request.head = "head" + std::to_string(index) + ":";
    request.content.reset();
    expected += request.head;
    if (index % 7 == 3) {
      take_content(request, index);
    } else {
      expected += packets[index].body.view();
    }
  }
  /// Some have more pieces than are gathered at once.
  void take_content(InFlightRequest& request, std::size_t index) {
    request.content.emplace();
    for (std::size_t number = 0; number < index * index / 5; ++number) {
      request.content->pieces.push_back(buffers.take(8));
      request.content->pieces.back().append("piece" + std::to_string(number % 10) + ",");
      expected += request.content->pieces.back().view();
    }
  }
  /// Takes up to `bytes` of what is to be written.
  void write(std::size_t bytes) {
    std::string gathered;
    for (const auto& piece : pipeline.gather()) gathered.append(static_cast<const char*>(piece.data()), piece.size());
    const std::size_t taken = std::min(bytes, gathered.size());
    written += gathered.substr(0, taken);
    pipeline.wrote(taken);
  }

  core::BufferPool buffers{1024};
  std::array<core::Packet, 40> packets;
  std::array<core::Attempt, 40> attempts;
  Pipeline pipeline{40, nullptr};
  std::string expected;
  std::string written;
};

TEST_F(PipelineTest, WritesEveryByteOnceHoweverWritesAreCut) {
  for (std::size_t piece = 1; piece < 40; ++piece) {
    for (std::size_t index = 0; index < 40; ++index) {
      push(index);
      if (index % 3 == 0) write(piece);
    }
    while (!pipeline.all_written()) write(piece);
    ASSERT_EQ(written, expected) << "in pieces of " << piece;
    while (!pipeline.empty()) pipeline.pop_front();
  }
}

TEST_F(PipelineTest, KnowsWhatIsBegun) {
  push(0);
  push(1);
  push(2);
  EXPECT_EQ(pipeline.begun(), 0u);
  write(1);
  EXPECT_EQ(pipeline.begun(), 1u);
  EXPECT_FALSE(pipeline.front_written());
  write(expected.size() / 3 - 1);
  EXPECT_EQ(pipeline.begun(), 1u);
  EXPECT_TRUE(pipeline.front_written());
  write(1);
  EXPECT_EQ(pipeline.begun(), 2u);
  pipeline.pop_front();
  EXPECT_EQ(pipeline.begun(), 1u);
  EXPECT_FALSE(pipeline.front_written());
  pipeline.pop_back();
  EXPECT_EQ(pipeline.size(), 1u);
  write(100);
  EXPECT_TRUE(pipeline.all_written());
  EXPECT_EQ(written, "head0:body0;head1:body1;");
}

TEST_F(PipelineTest, GathersNoMoreThanOneWriteTakes) {
  for (std::size_t index = 0; index < 40; ++index) push(index);
  EXPECT_EQ(pipeline.gather().size(), max_gathered);
  while (!pipeline.all_written()) write(100'000);
  EXPECT_EQ(written, expected);
}

TEST_F(PipelineTest, SlotsStayWhereTheyAreAndKeepTheirMemory) {
  push(0);
  const InFlightRequest* const first = &pipeline.front();
  pipeline.front().head.reserve(1000);
  write(100);
  pipeline.pop_front();
  for (std::size_t index = 1; index < 40; ++index) {
    push(index);
    write(100);
    pipeline.pop_front();
  }
  push(0);
  EXPECT_EQ(&pipeline.front(), first);
  EXPECT_GE(pipeline.front().head.capacity(), 1000u);
}

using PipelineDeathTest = PipelineTest;

TEST_F(PipelineDeathTest, WhatWasBegunIsNotTakenBack) {
  push(0);
  write(1);
  EXPECT_DEATH(pipeline.pop_back(), "begun");
}

}  // namespace
}  // namespace logdist::sink
