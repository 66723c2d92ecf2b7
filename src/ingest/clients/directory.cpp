#include "logdist/ingest/clients/directory.hpp"

#include <algorithm>

#include "logdist/base/check.hpp"

namespace logdist::ingest {
namespace {

ClientLimits limits_of(const auth::OwnLimits& own, const Access& access) {
  const ClientLimits& others = access.limits;
  const std::uint32_t places = own.queue_share ? places_of(*own.queue_share, access.queue_places) : others.places_max;
  const Duration burst = own.burst.value_or(others.packets.burst);
  return {{own.packets.value_or(others.packets.per_second), burst},
          {own.messages.value_or(others.messages.per_second), burst},
          {own.bytes.value_or(others.bytes.per_second), burst},
          places};
}

}  // namespace

ClientDirectory::ClientDirectory() : current_(std::make_shared<const Access>()) {}

bool ClientDirectory::has_room_for(const auth::Clients& clients) const {
  const MutexLock lock(mutex_);
  std::size_t names = id_of_name_.size();
  for (const auth::Client& client : clients.entries()) {
    if (!id_of_name_.contains(client.name)) ++names;
  }
  return names <= names_max;
}

void ClientDirectory::use(Access access) {
  const MutexLock lock(mutex_);
  access.entries.clear();
  for (const auth::Client& client : access.clients.entries()) {
    const auto next = static_cast<ClientId>(id_of_name_.size() + 1);
    const auto [known, is_new] = id_of_name_.emplace(client.name, next);
    if (is_new) rates_.emplace_back();
    access.entries.push_back({known->second, limits_of(client.limits, access), &rates_[known->second - 1]});
  }
  LOGDIST_CHECK(id_of_name_.size() <= names_max);
  access.revision = current_->revision + 1;
  current_ = std::make_shared<const Access>(std::move(access));
  revision_.store(current_->revision, std::memory_order_release);
}

std::shared_ptr<const Access> ClientDirectory::current() const {
  const MutexLock lock(mutex_);
  return current_;
}

LatestAccess::LatestAccess(ClientDirectory* directory)
    : directory_(directory), access_(directory != nullptr ? directory->current() : std::make_shared<const Access>()) {}

}  // namespace logdist::ingest
