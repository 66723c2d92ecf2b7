#include "logdist/server/agent_access.hpp"

#include <utility>

#include <fmt/format.h>

namespace logdist::server {

std::vector<std::string> AgentAccess::prepare(const config::Options& options) {
  prepared_.reset();
  ingest::Access access;
  access.anonymous = options.auth.anonymous;
  access.knows_clients = !options.auth.clients.empty();
  const bool asks_for_certificates = options.server.tls.client_auth != config::ClientAuth::none;
  access.certificates_suffice = asks_for_certificates && !access.knows_clients;
  const config::LimitOptions& limits = options.limits;
  access.limits = {{limits.packets, limits.burst},
                   {limits.messages, limits.burst},
                   {limits.bytes, limits.burst},
                   ingest::places_of(limits.queue_share, options.queue.max_packets)};
  access.queue_places = options.queue.max_packets;
  std::vector<std::string> faults;
  if (access.knows_clients) {
    auth::ClientsFile file = auth::read_clients(options.auth.clients);
    for (const config::Error& error : file.errors) faults.push_back("auth.clients: " + config::to_string(error));
    access.clients = std::move(file.clients);
    if (!directory_.has_room_for(access.clients)) {
      faults.push_back(fmt::format("auth.clients: more than {} names since the start; allowed: fewer, or a restart",
                                   ingest::ClientDirectory::names_max));
    }
  }
  if (faults.empty()) prepared_ = std::move(access);
  return faults;
}

void AgentAccess::use_prepared() {
  if (prepared_) directory_.use(*std::exchange(prepared_, std::nullopt));
}

std::vector<telemetry::ClientFacts> AgentAccess::facts() const {
  const auto access = directory_.current();
  std::vector<telemetry::ClientFacts> all{
      {anonymous_client, "anonymous", directory_.anonymous_clients().held_places(), access->limits.places_max}};
  for (std::size_t i = 0; i < access->entries.size(); ++i) {
    const ingest::AccessEntry& entry = access->entries[i];
    all.push_back({entry.id, access->clients.entries()[i].name, entry.rates->places.held(), entry.limits.places_max});
  }
  return all;
}

}  // namespace logdist::server
