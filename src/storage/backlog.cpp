#include "storage/backlog.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "logdist/base/time.hpp"
#include "logdist/queue/log/record.hpp"

namespace logdist::storage {

using queue::AppendResult;
using queue::Store;
using queue::StoredPacket;

std::size_t queue_bytes_of(const StoredPacket& packet) {
  const auto metadata = queue::decode_metadata(packet.metadata);
  return packet.body.size() + (metadata ? metadata->forwarded_headers.size() : 0);
}

Backlog::Backlog(queue::DurableLog& log, queue::QueueLimits& limits, LoopId loops, RecoveryMeter& recovery)
    : log_(log), limits_(limits), loops_count_(loops), recovered_until_(log.recovery().until_id), recovery_(recovery) {
  if (log.recovery().packets == 0) return;
  spilling_ = true;
  unread_ = log.recovery().packets;
  unread_messages_ = log.recovery().messages;
  reader_.emplace(log_, 0, std::numeric_limits<std::uint64_t>::max());
}

Store::Answer Backlog::append(LoopId loop, const queue::NewPacket& packet, std::size_t queue_bytes, std::uint64_t& id) {
  for (;;) {
    {
      const std::shared_lock lock(stretch_);
      if (spilling_) {
        ++unread_;
        ++unreported_;
        ++appended_;
        unread_messages_ += packet.messages;
        if (log_.append(loop, std::span(&packet, 1), id, queue::Wake::later) == AppendResult::taken)
          return Store::Answer::on_disk_only;
        --unread_;
        --unreported_;
        unread_messages_ -= packet.messages;
        return Store::Answer::refused;
      }
      if (limits_.try_take(queue_bytes)) {
        if (log_.append(loop, std::span(&packet, 1), id, queue::Wake::later) == AppendResult::taken)
          return Store::Answer::in_memory;
        limits_.give_back(queue_bytes);
        return Store::Answer::refused;
      }
    }
    const std::unique_lock lock(stretch_);
    if (spilling_) continue;
    // All ids so far are of packets in memory, and all from now on are not.
    spilling_ = true;
    reader_.emplace(log_, log_.next_id(), std::numeric_limits<std::uint64_t>::max(), log_.end());
    lost_counted_ = 0;
    wake();
  }
}

void Backlog::reported(std::uint32_t messages, bool is_stored) {
  if (!is_stored) {
    --unread_;
    unread_messages_ -= messages;
  }
  --unreported_;
  places_freed();
}

void Backlog::places_freed() {
  if (waiting_.load(std::memory_order_relaxed)) wake();
}

void Backlog::start(LoopAccess& loops, bool own_thread) {
  loops_ = &loops;
  if (own_thread) thread_ = std::thread([this] { run(); });
}

void Backlog::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  news_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Backlog::run() {
  TimePoint next = Clock::now();
  while (wait_until(next)) next = step(Clock::now());
}

TimePoint Backlog::step(TimePoint now) {
  now_ = now;
  if (serve_offer() || serve_fetches() || read_back()) return now;
  tell_wants();
  // With nothing on the disk only, no free place is of any use.
  waiting_ = has_work();
  return waiting_ ? now + look_again : never;
}

bool Backlog::has_work() {
  return next_ < batch_.size() || is_spilling() || !fetches_new_.empty() || !fetches_again_.empty();
}

/// Waits for news, for stop(), or until `deadline`. False: stopped.
bool Backlog::wait_until(TimePoint deadline) {
  MutexLock lock(mutex_);
  while (!has_news_ && !stopped_) {
    if (deadline == never) {
      news_.wait(lock);
    } else if (deadline <= now_ || news_.wait_until(lock, deadline) == std::cv_status::timeout) {
      break;
    }
  }
  waiting_ = false;
  has_news_ = false;
  return !stopped_;
}

bool Backlog::take_news() {
  const MutexLock lock(mutex_);
  return std::exchange(has_news_, false);
}

void Backlog::wake() {
  {
    const MutexLock lock(mutex_);
    has_news_ = true;
  }
  news_.notify_one();
}

bool Backlog::is_spilling() {
  const std::shared_lock lock(stretch_);
  return spilling_;
}

bool Backlog::has_room() const {
  return limits_.packets() <= limits_.max_packets() / 2 && limits_.bytes() <= limits_.max_bytes() / 2;
}

/// As far as there are places. False: it has to wait.
bool Backlog::read_back() {
  if (next_ == batch_.size()) {
    is_held_up_ = false;
    if (has_room()) return read_more();
    recovery_.end(now_);  // an outage is what the disk is for: packets are taken
    return false;
  }
  if (is_held_up_ && !has_room()) return false;
  const std::size_t before = next_;
  is_held_up_ = !hand_over();
  return next_ != before;
}

/// False when there is nothing to be read now.
bool Backlog::read_more() {
  const std::uint64_t appended_before = appended_;
  if (!is_spilling()) return false;
  batch_.clear();
  next_ = 0;
  const bool more = reader_->read(read_bytes, batch_);
  for (const StoredPacket& packet : batch_) {
    --unread_;
    unread_messages_ -= packet.messages;
  }
  count_lost();
  count_recovered();
  if (!batch_.empty()) return true;
  if (more) return true;
  recovery_.end(now_);
  return end_if_read(appended_before);
}

/// The recovery is over with the last packet of an earlier process, and when as many are read as the queue
/// holds: analyzers that take them as fast as they are read are no reason to be away for longer.
void Backlog::count_recovered() {
  if (batch_.empty()) return;
  std::uint64_t packets = 0;
  for (const StoredPacket& packet : batch_) {
    if (packet.id >= recovered_until_) continue;
    ++packets;
    recovered_bytes_ += queue_bytes_of(packet);
  }
  recovered_packets_ += packets;
  if (packets > 0) recovery_.read_back(packets, now_);
  const bool is_queueful = recovered_packets_ >= limits_.max_packets() || recovered_bytes_ >= limits_.max_bytes();
  // Where they fill more than half of the queue, nothing is read behind them for now.
  const bool is_all = recovered_packets_ + reader_->lost() >= log_.recovery().packets;
  if (is_queueful || is_all || packets < batch_.size()) recovery_.end(now_);
}

void Backlog::count_lost() {
  const std::uint64_t lost = reader_->lost() - lost_counted_;
  if (lost == 0) return;
  lost_counted_ += lost;
  unread_ -= lost;
  loops_->lost({static_cast<std::int64_t>(lost), 0});
}

/// At the end of the log: the stretch is over when all in it are read. True when it is.
bool Backlog::end_if_read(std::uint64_t appended_before) {
  if (unread_ > 0 && unreported_ == 0 && appended_ == appended_before) {
    reader_->give_up_missing();
    count_lost();
  }
  const std::unique_lock lock(stretch_);
  // What is left then cannot be read now, as was told: another start finds it.
  const bool is_unreadable = unreported_ == 0 && appended_ == appended_before;
  if (unread_ > 0 && !is_unreadable) return false;
  if (unread_ == 0 && unread_messages_ > 0) {
    loops_->lost({0, static_cast<std::int64_t>(unread_messages_.exchange(0))});
  }
  unread_ = 0;
  unread_messages_ = 0;
  spilling_ = false;
  reader_.reset();
  return true;
}

/// As many as there are places for, a few a loop. True when all have one.
bool Backlog::hand_over() {
  std::vector<ReadBackPacket> packets;
  const auto flush = [&] {
    if (packets.empty()) return;
    loops_->read_back(next_loop_, std::exchange(packets, {}));
    next_loop_ = static_cast<LoopId>((next_loop_ + 1) % loops_count_);
  };
  for (; next_ < batch_.size(); ++next_) {
    bool has_place = false;
    if (!take_place(batch_[next_], has_place)) {
      recovery_.end(now_);
      break;
    }
    packets.push_back({std::move(batch_[next_]), has_place});
    credit_ = std::min(credit_max, credit_ + 1);
    if (packets.size() == hand_over_packets) flush();
  }
  flush();
  return next_ == batch_.size();
}

bool Backlog::take_place(const StoredPacket& packet, bool& has_place) {
  has_place = limits_.try_take(queue_bytes_of(packet));
  // One that the bounds never allow, because they are lower than they were, is taken alone.
  return has_place || limits_.packets() == 0;
}

}  // namespace logdist::storage
