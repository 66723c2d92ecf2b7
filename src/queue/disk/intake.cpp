#include "queue/disk/intake.hpp"

#include <algorithm>

#include <boost/container/small_vector.hpp>

#include "logdist/base/check.hpp"
#include "logdist/queue/log/record.hpp"

namespace logdist::queue {

Intake::Intake(const DurableLogOptions& options)
    : packets_max_(options.pending_packets_max),
      bytes_max_(options.pending_bytes_max),
      loops_(options.loops),
      reports_(options.loops) {}

AppendResult Intake::append(LoopId loop, std::span<const NewPacket> packets, std::uint64_t& first_id) {
  LOGDIST_CHECK(loop < loops_);
  // The checksums are made by the loops, side by side, before the lock.
  boost::container::small_vector<PendingPacket, 1> pending;
  pending.reserve(packets.size());
  std::size_t bytes = 0;
  for (const NewPacket& packet : packets) {
    LOGDIST_CHECK(packet.messages > 0);
    LOGDIST_CHECK(packet.metadata.size() <= metadata_bytes_max && packet.body.size() <= record_body_bytes_max);
    bytes += packet.metadata.size() + packet.body.size();
    pending.push_back({0, packet, payload_crc(packet.metadata, packet.body), loop});
  }
  const MutexLock lock(mutex_);
  AppendResult result = refusal_;
  // A packet larger than the bound passes when nothing else is held.
  if (result == AppendResult::taken && held_packets_ > 0 &&
      (held_packets_ + packets.size() > packets_max_ || held_bytes_ + bytes > bytes_max_)) {
    result = AppendResult::backlog_full;
  }
  if (result != AppendResult::taken) {
    refused_ = true;
    return result;
  }
  first_id = next_id_;
  for (PendingPacket& packet : pending) packet.id = next_id_++;
  if (batch_.packets.empty()) news_ = wake_due_ = true;
  batch_.packets.insert(batch_.packets.end(), pending.begin(), pending.end());
  held_packets_ += packets.size();
  held_bytes_ += bytes;
  return AppendResult::taken;
}

void Intake::wake() {
  {
    const MutexLock lock(mutex_);
    if (!std::exchange(wake_due_, false)) return;
  }
  given_.notify_one();
}

void Intake::settle(std::span<const SettledPacket> packets) {
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    wake = batch_.settled.empty();
    batch_.settled.insert(batch_.settled.end(), packets.begin(), packets.end());
    news_ = news_ || wake;
  }
  if (wake) given_.notify_one();
}

void Intake::set_balance(BalanceFigures figures, std::uint64_t version) {
  {
    const MutexLock lock(mutex_);
    batch_.balance = std::move(figures);
    batch_.balance_version = version;
    batch_.balance_at = batch_.settled.size();
    news_ = true;
  }
  given_.notify_one();
}

void Intake::collect(LoopId loop, std::vector<StoreReport>& reports) {
  const MutexLock lock(mutex_);
  reports.insert(reports.end(), reports_[loop].begin(), reports_[loop].end());
  reports_[loop].clear();
}

bool Intake::has_packets() const {
  const MutexLock lock(mutex_);
  return !batch_.packets.empty();
}

bool Intake::has_others() const {
  const MutexLock lock(mutex_);
  return !batch_.settled.empty() || batch_.balance.has_value();
}

IntakeBatch Intake::take() {
  const MutexLock lock(mutex_);
  return std::exchange(batch_, {});
}

void Intake::report(std::span<const PendingPacket> packets, StoreOutcome outcome, std::vector<LoopId>& loops) {
  const MutexLock lock(mutex_);
  for (const PendingPacket& packet : packets) {
    std::vector<StoreReport>& reports = reports_[packet.loop];
    if (reports.empty() && std::find(loops.begin(), loops.end(), packet.loop) == loops.end()) {
      loops.push_back(packet.loop);
    }
    reports.push_back({packet.id, outcome, packet.place});
    --held_packets_;
    held_bytes_ -= packet.packet.metadata.size() + packet.packet.body.size();
  }
}

void Intake::set_refusal(AppendResult refusal) {
  const MutexLock lock(mutex_);
  refusal_ = refusal;
}

bool Intake::take_refused() {
  const MutexLock lock(mutex_);
  const bool room =
      refusal_ == AppendResult::taken && held_packets_ <= packets_max_ / 2 && held_bytes_ <= bytes_max_ / 2;
  return room && std::exchange(refused_, false);
}

std::uint64_t Intake::draw_id(std::uint64_t at_least) {
  const MutexLock lock(mutex_);
  next_id_ = std::max(next_id_, at_least);
  return next_id_++;
}

void Intake::set_next_id(std::uint64_t id) {
  const MutexLock lock(mutex_);
  next_id_ = id;
}

std::uint64_t Intake::next_id() const {
  const MutexLock lock(mutex_);
  return next_id_;
}

bool Intake::wait_until(TimePoint deadline) {
  MutexLock lock(mutex_);
  while (!news_ && !stopped_) {
    if (deadline == never) {
      given_.wait(lock);
    } else if (given_.wait_until(lock, deadline) == std::cv_status::timeout) {
      break;
    }
  }
  news_ = false;
  return !stopped_;
}

bool Intake::take_news() {
  const MutexLock lock(mutex_);
  return std::exchange(news_, false);
}

void Intake::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  given_.notify_all();
}

}  // namespace logdist::queue
