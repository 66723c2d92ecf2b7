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

Receipt AckRegistry::issue(std::string_view channel, const IpAddress& client) {
  const MutexLock lock(mutex_);
  Channel& own = channel_of(channel, client);
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

AckRegistry::Channel& AckRegistry::channel_of(std::string_view name, const IpAddress& client) {
  if (Channel* const known = find(name)) return *known;
  if (channels_.size() == channels_max_) forget(idlest(client));
  if (next_serial_ == 0) ++next_serial_;  // which is none
  Channel& made = channels_.emplace_front();
  made.name = name;
  made.serial = next_serial_++;
  made.next_number = first_number_;
  made.client = client;
  by_client_[client].push_front(made);
  by_name_.emplace(made.name, channels_.begin());
  by_serial_.emplace(made.serial, channels_.begin());
  return made;
}

/// That makes room for another of `client`.
AckRegistry::Channel& AckRegistry::idlest(const IpAddress& client) {
  const auto own = by_client_.find(client);
  const std::size_t clients = by_client_.size() + (own == by_client_.end() ? 1 : 0);
  const std::size_t share = std::max<std::size_t>(1, channels_max_ / clients);
  if (own != by_client_.end() && own->second.size() >= share) return own->second.back();
  // There is one, unless there are more clients than channels.
  const auto found = std::find_if(channels_.rbegin(), channels_.rend(),
                                  [this, share](const Channel& channel)
                                      LOGDIST_REQUIRES(mutex_) { return by_client_[channel.client].size() > share; });
  return found != channels_.rend() ? *found : channels_.back();
}

void AckRegistry::forget(Channel& channel) {
  first_number_ = std::max(first_number_, channel.next_number);
  for (const Ack& ack : channel.acks) count_forgotten(ack);
  const auto of_client = by_client_.find(channel.client);
  of_client->second.erase(of_client->second.iterator_to(channel));
  if (of_client->second.empty()) by_client_.erase(of_client);
  by_name_.erase(channel.name);
  const auto by_serial = by_serial_.find(channel.serial);
  const Channels::iterator place = by_serial->second;
  by_serial_.erase(by_serial);
  channels_.erase(place);
}

/// And it was used last.
AckRegistry::Channel* AckRegistry::find(std::string_view name) {
  const auto place = by_name_.find(name);
  if (place == by_name_.end()) return nullptr;
  channels_.splice(channels_.begin(), channels_, place->second);
  ChannelsOfClient& alike = by_client_[place->second->client];
  alike.splice(alike.begin(), alike, alike.iterator_to(*place->second));
  return &*place->second;
}

std::vector<AckRegistry::Ack>::iterator AckRegistry::find(Channel& channel, std::uint64_t number) {
  const auto ack = std::lower_bound(channel.acks.begin(), channel.acks.end(), number,
                                    [](const Ack& one, std::uint64_t wanted) { return one.number() < wanted; });
  return ack != channel.acks.end() && ack->number() == number ? ack : channel.acks.end();
}

}  // namespace logdist::queue
