// What is told of a recovery, and when.
#include "storage/recovery_meter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace logdist::storage {
namespace {

using namespace std::chrono_literals;
using Stage = RecoveryProgress::Stage;

class RecoveryMeterTest : public testing::Test {
 protected:
  std::vector<RecoveryProgress> told_;
  RecoveryMeter meter_{[this](const RecoveryProgress& progress) { told_.push_back(progress); }};
  const TimePoint start_ = TimePoint{} + 1h;
};

TEST_F(RecoveryMeterTest, TellsTheBeginningAStepASecondAndTheEnd) {
  meter_.scanned({0, 40, 0, 4'000}, start_);
  for (std::uint64_t segment = 1; segment <= 40; ++segment) {
    meter_.scanned({segment, 40, 100 * segment, 4'000}, start_ + segment * 100ms);
  }
  ASSERT_EQ(told_.size(), 5u);
  EXPECT_EQ(told_[0].scan.segments, 0u);
  EXPECT_EQ(told_[0].scan.segments_total, 40u);
  EXPECT_EQ(told_[1].scan.segments, 10u);
  EXPECT_EQ(told_[1].took, 1s);
  EXPECT_EQ(told_[4].scan.bytes, 4'000u);

  meter_.found(1'000, start_ + 4100ms);
  ASSERT_EQ(told_.size(), 6u);
  EXPECT_EQ(told_[5].stage, Stage::reading_back);
  EXPECT_EQ(told_[5].packets, 1'000u);
  EXPECT_FALSE(meter_.is_over());
  meter_.read_back(300, start_ + 4200ms);
  meter_.read_back(300, start_ + 5100ms);
  ASSERT_EQ(told_.size(), 7u);
  EXPECT_EQ(told_[6].packets_read, 600u);

  meter_.end(start_ + 5200ms);
  ASSERT_EQ(told_.size(), 8u);
  EXPECT_EQ(told_[7].stage, Stage::over);
  EXPECT_EQ(told_[7].took, 5200ms);
  EXPECT_TRUE(meter_.is_over());
  meter_.read_back(400, start_ + 9s);
  meter_.end(start_ + 9s);
  EXPECT_EQ(told_.size(), 8u);
  EXPECT_EQ(meter_.progress().packets_read, 1'000u) << "counted all the same";
  EXPECT_EQ(meter_.progress().took, 5200ms);
}

TEST_F(RecoveryMeterTest, IsOverAtOnceWhenNothingIsLeft) {
  meter_.scanned({0, 1, 0, 100}, start_);
  meter_.scanned({1, 1, 100, 100}, start_ + 10ms);
  meter_.found(0, start_ + 10ms);
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[1].stage, Stage::over);
  EXPECT_EQ(told_[1].took, 10ms);
}

TEST_F(RecoveryMeterTest, SaysNothingOfANewDirectory) {
  meter_.scanned({0, 0, 0, 0}, start_);
  meter_.found(0, start_);
  EXPECT_TRUE(told_.empty());
  EXPECT_TRUE(meter_.is_over());
}

}  // namespace
}  // namespace logdist::storage
