#include "logdist/storage/replay.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <string_view>
#include <thread>
#include <utility>

#include "logdist/base/mutex.hpp"
#include "logdist/base/time.hpp"
#include "logdist/core/header_lines.hpp"
#include "logdist/queue/log/record.hpp"

namespace logdist::storage {
namespace {

/// Read at once.
constexpr std::size_t read_bytes_at_once = std::size_t{1} << 20;

}  // namespace

class Replay::Impl : public std::enable_shared_from_this<Replay::Impl> {
 public:
  Impl(std::string id, ReplayRequest request, queue::DurableLog& log, ReplayTarget& target)
      : id_(std::move(id)), request_(std::move(request)), log_(log), target_(target) {
    report_.id = id_;
    report_.dry_run = request_.dry_run;
    std::sort(request_.ids.begin(), request_.ids.end());
  }

  void start() {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  }

  void stop() {
    {
      const MutexLock lock(mutex_);
      is_stopped_ = true;
    }
    news_.notify_all();
  }
  void join() { thread_.join(); }

  ReplayReport report() const {
    const MutexLock lock(mutex_);
    return report_;
  }

 private:
  using Packet = std::shared_ptr<const queue::StoredPacket>;

  void run() {
    queue::SettledReader reader(log_, request_.range);
    std::vector<queue::SettledPacketRead> batch;
    for (bool more = true; more && !is_stopped();) {
      batch.clear();
      more = reader.read(read_bytes_at_once, batch);
      {
        const MutexLock lock(mutex_);
        report_.read = reader.progress();
        report_.segments_unreadable = reader.unreadable();
      }
      for (queue::SettledPacketRead& read : batch) {
        if (!is_wanted(read.packet)) continue;
        if (is_stopped()) break;
        count_found(read.packet);
        if (request_.dry_run) continue;
        plan_next();
        hand_over(std::make_shared<const queue::StoredPacket>(std::move(read.packet)));
      }
    }
    hand_over(nullptr);
    const MutexLock lock(mutex_);
    report_.state = is_stopped_ ? ReplayReport::State::stopped : ReplayReport::State::done;
  }

  /// What a replay has sent is there as it came first, too.
  bool is_wanted(const queue::StoredPacket& packet) const {
    const auto metadata = queue::decode_metadata(packet.metadata);
    if (!metadata) return false;
    if (core::header_value(metadata->forwarded_headers, "Packet-Replay")) return false;
    return request_.ids.empty() ||
           std::binary_search(request_.ids.begin(), request_.ids.end(), metadata->packet_id, std::less<>());
  }

  void count_found(const queue::StoredPacket& packet) {
    const MutexLock lock(mutex_);
    ++report_.packets_found;
    report_.messages_found += packet.messages;
  }

  static std::size_t bytes_of(const queue::StoredPacket& packet) { return packet.body.size() + packet.metadata.size(); }

  /// When the next one may be sent.
  void plan_next() {
    if (request_.packets_per_second <= 0) return;
    const auto gap =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / request_.packets_per_second));
    // One that could not be sent in time is no reason for a burst.
    next_at_ = std::max(next_at_ + gap, Clock::now());
  }

  /// Sends `packet` in its turn, those that were refused before it. Without one, waits until nothing is under way.
  void hand_over(Packet packet) {
    const bool is_flush = !packet;
    while (is_flush || packet) {
      const Packet next = take_next(packet);
      if (!next) return;
      send(next);
    }
  }

  /// One that was refused, or `packet`, as soon as it may be sent. Null: stopped, or nothing is left.
  Packet take_next(Packet& packet) {
    MutexLock lock(mutex_);
    for (; !is_stopped_; wait(lock)) {
      Packet& next = refused_.empty() ? packet : refused_.front();
      if (!next && report_.packets_in_flight == 0) return nullptr;
      if (!next || !may_send(bytes_of(*next))) continue;
      Packet taken = std::move(next);
      if (!refused_.empty()) refused_.pop_front();
      ++report_.packets_in_flight;
      held_bytes_ += bytes_of(*taken);
      return taken;
    }
    return nullptr;
  }

  bool may_send(std::size_t bytes) LOGDIST_REQUIRES(mutex_) {
    const TimePoint now = Clock::now();
    if (now < paused_until_ || now < next_at_) return false;
    const std::uint64_t held = report_.packets_in_flight;
    return held == 0 || (held < in_flight_max && held_bytes_ + bytes <= bytes_max);
  }

  void wait(MutexLock& lock) LOGDIST_REQUIRES(mutex_) {
    const TimePoint due = std::max(paused_until_, next_at_);
    if (due > Clock::now()) {
      news_.wait_until(lock, due);
    } else {
      news_.wait(lock);
    }
  }

  void send(const Packet& packet) {
    target_.replay({packet, id_, request_.analyzer},
                   [self = shared_from_this(), packet](ReplayOutcome outcome) { self->ended(packet, outcome); });
  }

  void ended(const Packet& packet, ReplayOutcome outcome) {
    {
      const MutexLock lock(mutex_);
      --report_.packets_in_flight;
      held_bytes_ -= bytes_of(*packet);
      switch (outcome) {
        case ReplayOutcome::safe: ++report_.packets_replayed; break;
        case ReplayOutcome::failed: ++report_.packets_failed; break;
        case ReplayOutcome::refused:
          ++report_.times_refused;
          paused_until_ = Clock::now() + pause;
          refused_.push_back(packet);
          break;
      }
    }
    news_.notify_all();
  }

  bool is_stopped() const {
    const MutexLock lock(mutex_);
    return is_stopped_;
  }

  const std::string id_;
  ReplayRequest request_;
  queue::DurableLog& log_;
  ReplayTarget& target_;
  TimePoint next_at_{};  ///< of the thread: by the rate

  mutable Mutex mutex_;
  std::condition_variable_any news_;
  ReplayReport report_ LOGDIST_GUARDED_BY(mutex_);
  std::deque<Packet> refused_ LOGDIST_GUARDED_BY(mutex_);
  std::size_t held_bytes_ LOGDIST_GUARDED_BY(mutex_) = 0;
  TimePoint paused_until_ LOGDIST_GUARDED_BY(mutex_){};
  bool is_stopped_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Replay::Replay(std::string id, ReplayRequest request, queue::DurableLog& log, ReplayTarget& target)
    : impl_(std::make_shared<Impl>(std::move(id), std::move(request), log, target)) {
  impl_->start();
}
Replay::~Replay() {
  impl_->stop();
  impl_->join();
}
ReplayReport Replay::report() const { return impl_->report(); }
void Replay::stop() { impl_->stop(); }

}  // namespace logdist::storage
