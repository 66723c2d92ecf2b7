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
        count_found(read.packet);
        if (!request_.dry_run && !hand_over(std::make_shared<const queue::StoredPacket>(std::move(read.packet)))) break;
      }
    }
    end();
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

  /// Waits for its turn. False: stopped.
  bool hand_over(ReplayTarget::Packet packet) {
    if (request_.packets_per_second > 0) {
      const auto gap =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / request_.packets_per_second));
      // One that could not be sent in time is no reason for a burst.
      next_at_ = std::max(next_at_ + gap, Clock::now());
    }
    for (;;) {
      ReplayTarget::Packet first;
      {
        MutexLock lock(mutex_);
        while (!is_stopped_ && !may_send(bytes_of(*packet))) wait(lock);
        if (is_stopped_) return false;
        // Those that were refused go first.
        if (!refused_.empty()) {
          first = std::move(refused_.front());
          refused_.pop_front();
        } else {
          first = std::exchange(packet, nullptr);
        }
        ++report_.packets_in_flight;
        held_bytes_ += bytes_of(*first);
      }
      send(first);
      if (!packet) return true;
    }
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

  void send(const ReplayTarget::Packet& packet) {
    target_.replay(packet, id_, [self = shared_from_this(), packet](bool is_safe) { self->ended(packet, is_safe); });
  }

  void ended(const ReplayTarget::Packet& packet, bool is_safe) {
    {
      const MutexLock lock(mutex_);
      --report_.packets_in_flight;
      held_bytes_ -= bytes_of(*packet);
      if (is_safe) {
        ++report_.packets_replayed;
      } else {
        ++report_.times_refused;
        paused_until_ = Clock::now() + pause;
        refused_.push_back(packet);
      }
    }
    news_.notify_all();
  }

  bool is_stopped() const {
    const MutexLock lock(mutex_);
    return is_stopped_;
  }

  /// All were handed over: those that are refused are given again, the others awaited.
  void end() {
    for (;;) {
      ReplayTarget::Packet packet;
      {
        MutexLock lock(mutex_);
        while (!is_stopped_ && !(refused_.empty() ? report_.packets_in_flight == 0 : may_send(0))) wait(lock);
        if (is_stopped_ || refused_.empty()) {
          report_.state = is_stopped_ ? ReplayReport::State::stopped : ReplayReport::State::done;
          return;
        }
        packet = std::move(refused_.front());
        refused_.pop_front();
        ++report_.packets_in_flight;
        held_bytes_ += bytes_of(*packet);
      }
      send(packet);
    }
  }

  const std::string id_;
  ReplayRequest request_;
  queue::DurableLog& log_;
  ReplayTarget& target_;
  TimePoint next_at_{};  ///< of the thread: by the rate

  mutable Mutex mutex_;
  std::condition_variable_any news_;
  ReplayReport report_ LOGDIST_GUARDED_BY(mutex_);
  std::deque<ReplayTarget::Packet> refused_ LOGDIST_GUARDED_BY(mutex_);
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
