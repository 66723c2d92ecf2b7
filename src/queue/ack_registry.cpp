#include "logdist/queue/ack_registry.hpp"

#include <algorithm>

#include "logdist/base/check.hpp"

namespace logdist::queue {

using core::Receipt;

AckRegistry::AckRegistry(std::uint64_t first_channel, std::size_t channels_max, std::size_t ids_max,
                         std::uint64_t first_number)
    : channels_max_(channels_max), ids_max_(ids_max), next_serial_(first_channel), first_number_(first_number) {
  LOGDIST_CHECK(channels_max > 0 && ids_max > 0);
}

bool AckRegistry::is_valid_name(std::string_view channel) {
  return !channel.empty() && channel.size() <= name_bytes_max &&
         std::all_of(channel.begin(), channel.end(), [](char byte) { return byte > ' ' && byte <= '~'; });
}

Receipt AckRegistry::issue(std::string_view channel) {
  const MutexLock lock(mutex_);
  Channel& own = channel_of(channel);
  if (own.acks.size() == ids_max_) {
    count_forgotten(own.acks.front());
    own.acks.erase(own.acks.begin());
  }
  const std::uint64_t number = own.next_number++;
  own.acks.emplace_back(number);
  ++counts_.pending;
  return {own.serial, number};
}

void AckRegistry::cancel(const Receipt& receipt) {
  const MutexLock lock(mutex_);
  const auto place = by_serial_.find(receipt.channel);
  if (place == by_serial_.end()) return;
  Channel& channel = *place->second;
  const auto ack = find(channel, receipt.number);
  if (ack == channel.acks.end()) return;
  if (!ack->is_delivered()) --counts_.pending;
  channel.acks.erase(ack);
}

void AckRegistry::delivered(const Receipt& receipt) {
  const MutexLock lock(mutex_);
  const auto place = by_serial_.find(receipt.channel);
  if (place == by_serial_.end()) return;
  Channel& channel = *place->second;
  const auto ack = find(channel, receipt.number);
  if (ack == channel.acks.end() || ack->is_delivered()) return;
  ack->set_delivered();
  --counts_.pending;
  ++counts_.delivered;
}

std::vector<bool> AckRegistry::query(std::string_view channel, const std::vector<std::uint64_t>& ids) {
  std::vector<bool> delivered(ids.size());
  const MutexLock lock(mutex_);
  Channel* const own = find(channel);
  if (own == nullptr) return delivered;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto ack = find(*own, ids[i]);
    delivered[i] = ack != own->acks.end() && ack->is_delivered();
  }
  return delivered;
}

AckRegistry::Counts AckRegistry::counts() {
  const MutexLock lock(mutex_);
  Counts counts = counts_;
  counts.channels = channels_.size();
  return counts;
}

void AckRegistry::count_forgotten(const Ack& ack) {
  if (ack.is_delivered()) {
    ++counts_.forgotten_delivered;
  } else {
    ++counts_.forgotten_pending;
    --counts_.pending;
  }
}

AckRegistry::Channel& AckRegistry::channel_of(std::string_view name) {
  if (Channel* const known = find(name)) return *known;
  if (channels_.size() == channels_max_) {
    const Channel& idle = channels_.back();
    first_number_ = std::max(first_number_, idle.next_number);
    for (const Ack& ack : idle.acks) count_forgotten(ack);
    by_name_.erase(idle.name);
    by_serial_.erase(idle.serial);
    channels_.pop_back();
  }
  if (next_serial_ == 0) ++next_serial_;  // which is none
  channels_.push_front({std::string(name), next_serial_++, first_number_});
  by_name_.emplace(channels_.front().name, channels_.begin());
  by_serial_.emplace(channels_.front().serial, channels_.begin());
  return channels_.front();
}

/// And it was used last.
AckRegistry::Channel* AckRegistry::find(std::string_view name) {
  const auto place = by_name_.find(name);
  if (place == by_name_.end()) return nullptr;
  channels_.splice(channels_.begin(), channels_, place->second);
  return &*place->second;
}

std::vector<AckRegistry::Ack>::iterator AckRegistry::find(Channel& channel, std::uint64_t number) {
  const auto ack = std::lower_bound(channel.acks.begin(), channel.acks.end(), number,
                                    [](const Ack& one, std::uint64_t wanted) { return one.number() < wanted; });
  return ack != channel.acks.end() && ack->number() == number ? ack : channel.acks.end();
}

}  // namespace logdist::queue
