// What a packet costs for whose it is and how much that client may send. Budget: identity and rates together within
// 0.2 µs, also when all loops serve one client.
#include <benchmark/benchmark.h>

#include <string>

#include "logdist/base/time.hpp"
#include "logdist/ingest/clients/directory.hpp"
#include "logdist/ingest/clients/identity.hpp"

namespace logdist::ingest {
namespace {

using namespace std::chrono_literals;

auth::Client client(const std::string& name, const std::string& token) {
  auth::Client made;
  made.name = name;
  made.digests.push_back(auth::digest_of(token));
  made.addresses = {*Network::parse("10.0.0.0/8"), *Network::parse("192.0.2.0/24")};
  return made;
}

ClientDirectory& directory() {
  static ClientDirectory made;
  static const bool is_filled = [] {
    Access access;
    std::vector<auth::Client> clients;
    for (int i = 0; i < 1'000; ++i) clients.push_back(client("client-" + std::to_string(i), std::to_string(i)));
    access.clients = auth::Clients(std::move(clients));
    access.knows_clients = true;
    access.anonymous = true;
    access.limits = {{1'000'000'000, 2s}, {1'000'000'000, 2s}, {std::uint64_t{1} << 40, 2s}};
    made.use(std::move(access));
    return true;
  }();
  benchmark::DoNotOptimize(is_filled);
  return made;
}

/// All that a request on a connection goes through after its first one.
void known_by_a_token(benchmark::State& state) {
  LatestAccess latest(&directory());
  ConnectionIdentity connection;
  RequestLimits limits;
  const std::string authorization = "Bearer " + std::to_string(state.range(0) == 0 ? 7 : state.thread_index());
  const IpAddress address = *IpAddress::parse("192.0.2.7");
  TimePoint now = Clock::now();
  for (auto _ : state) {
    now += 1us;
    const Access& access = latest.get();
    const Credentials credentials{authorization, false, false, nullptr};
    const Identity identity = check_rights(connection.of(access, credentials), core::Protocol::packet, address);
    find_limits(limits, access, identity, address, directory(), now);
    benchmark::DoNotOptimize(limits.rates->try_take_packet(2'048, limits.limits, now));
    benchmark::DoNotOptimize(limits.rates->messages.try_take(20, limits.limits.messages, now));
  }
}
BENCHMARK(known_by_a_token)->Arg(0)->Arg(1)->ArgName("own_client")->Threads(1)->Threads(2);

void known_by_its_address(benchmark::State& state) {
  LatestAccess latest(&directory());
  RequestLimits limits;
  const IpAddress address = *IpAddress::parse("198.51.100.7");
  TimePoint now = Clock::now();
  for (auto _ : state) {
    now += 1us;
    const Access& access = latest.get();
    find_limits(limits, access, {}, address, directory(), now);
    benchmark::DoNotOptimize(limits.rates->try_take_packet(2'048, limits.limits, now));
    benchmark::DoNotOptimize(limits.rates->messages.try_take(20, limits.limits.messages, now));
  }
}
BENCHMARK(known_by_its_address)->Threads(1)->Threads(2);

/// The first request of a connection.
void a_new_connection(benchmark::State& state) {
  LatestAccess latest(&directory());
  for (auto _ : state) {
    ConnectionIdentity connection;
    benchmark::DoNotOptimize(connection.of(latest.get(), {"Bearer 7", false, false, nullptr}));
  }
}
BENCHMARK(a_new_connection);

}  // namespace
}  // namespace logdist::ingest
