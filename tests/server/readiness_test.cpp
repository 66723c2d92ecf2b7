// Whether the daemon is ready, as both ports say it.
#include "logdist/server/shared_state.hpp"
#include "tests/storage/storage_fixture.hpp"

namespace logdist::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NoWakeups final : public dispatch::WakeupListener {
 public:
  void wake_loop(LoopId) override {}
  void wake_control() override {}
};

/// A daemon without its loops and ports, on a directory in which an earlier one may have left packets.
class Readiness : public storage::DiskStorageTest {
 protected:
  config::Options options() const {
    config::Options options;
    config::AnalyzerOptions& analyzer = options.analyzers.emplace_back();
    analyzer.name = "a";
    analyzer.url = "http://127.0.0.1:1/";
    analyzer.host = "127.0.0.1";
    analyzer.port = "1";
    analyzer.target = "/";
    options.queue.max_packets = 1;
    return options;
  }
  std::unique_ptr<SharedState> make(const config::Options& options) {
    auto letters = sink::DeadLetterFile::open("");
    return std::make_unique<SharedState>(options, 1, std::move(*letters), wakeups_, 1, now_);
  }
  config::Options on_disk() const {
    config::Options options = this->options();
    options.queue.storage = config::StorageMode::disk;
    options.queue.directory = folder_.file("queue");
    return options;
  }

  NoWakeups wakeups_;
  TimePoint now_ = Clock::now();
};

TEST_F(Readiness, IsThereUntilTheDrain) {
  const auto shared = make(options());
  EXPECT_THAT(shared->readiness(now_).reasons, IsEmpty());
  shared->draining = true;
  EXPECT_THAT(shared->readiness(now_).reasons, ElementsAre("the daemon is shutting down"));
}

TEST_F(Readiness, NeedsAPlaceOrAnAnalyzerInService) {
  const auto shared = make(options());
  ASSERT_TRUE(shared->bounds.try_take(1));
  EXPECT_TRUE(shared->queue_is_full());
  EXPECT_TRUE(shared->readiness(now_).ready()) << "requests wait for their delivery";
  shared->balancer.set_drained(0, true, now_);
  EXPECT_THAT(shared->readiness(now_).reasons, ElementsAre("no analyzer is in service and the queue is full"));
  shared->bounds.give_back(1);
  EXPECT_FALSE(shared->readiness(now_).ready()) << "it does not flap";
  EXPECT_TRUE(shared->readiness(now_ + admin::ReadinessRule::hold).ready());
}

TEST_F(Readiness, WaitsForWhatAnEarlierProcessHasLeft) {
  start();
  EXPECT_EQ(keep(packet("left")), queue::StoreOutcome::durable);
  stop();
  const auto shared = make(on_disk());
  ASSERT_EQ(shared->open_storage(), "");
  EXPECT_THAT(shared->readiness(now_).reasons, ElementsAre("recovering: 0 of 1 packet of the durable queue read"));
  loop_->storage = shared->storage.get();
  shared->storage->set_listener(0, *loop_);
  shared->storage->start(*loop_);
  EXPECT_TRUE(eventually([&] { return shared->readiness(now_).ready(); }));
  shared->storage->close();
}

TEST_F(Readiness, OfADurableQueueIsNotAMatterOfMemory) {
  const auto shared = make(on_disk());
  ASSERT_EQ(shared->open_storage(), "");
  shared->balancer.set_drained(0, true, now_);
  ASSERT_TRUE(shared->bounds.try_take(1));
  EXPECT_TRUE(shared->readiness(now_).ready()) << "the disk has place";
  shared->bounds.give_back(1);
  shared->storage->close();
}

}  // namespace
}  // namespace logdist::server
