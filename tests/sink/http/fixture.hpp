// A PoolUpstream on a loop of its own, and what it told its listener.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/parent_from_member.hpp>

#include "logdist/core/packet.hpp"
#include "logdist/sink/http/pool_upstream.hpp"
#include "tests/net/record_transport.hpp"
#include "tests/net/scripted_names.hpp"
#include "tests/net/test_layer.hpp"
#include "tests/sink/http/scripted_server.hpp"

namespace logdist::sink {

/// A packet, its attempt, and how that ended.
struct Parcel {
  core::Packet packet;
  core::Attempt attempt;
  std::vector<core::AttemptResult> results;

  bool ended() const { return !results.empty(); }
  Outcome outcome() const { return results.at(0).outcome; }
  bool counted() const { return results.at(0).counts_for_health; }
};

/// Makes parcels, keeps what is told. Everything runs on the test's thread.
class UpstreamTest : public ::testing::Test, public AttemptListener {
 protected:
  ~UpstreamTest() override {
    for (const Parcel& parcel : parcels) EXPECT_LE(parcel.results.size(), 1u) << parcel.packet.id;
  }

  /// Must come before the first parcel.
  void start(PoolOptions options = {}) {
    upstream.emplace(io, names, std::move(options));
    upstream->set_listener(*this);
  }
  AnalyzerId add(const ScriptedServer& server, std::uint32_t max_connections) {
    const net::test::TestLayer* const layer = net::test::test_layer();
    if (layer == nullptr)
      return upstream->add({"127.0.0.1", server.port(), "/analyze", {}, limits_of(max_connections)});
    const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(),
                                                  static_cast<std::uint16_t>(std::stoi(server.port())));
    relays.push_back(
        std::make_unique<net::test::RecordRelay>(endpoint, net::test::RecordRelay::Side::front, layer->server));
    return upstream->add({"127.0.0.1",
                          std::to_string(relays.back()->endpoint().port()),
                          "/analyze",
                          {},
                          limits_of(max_connections),
                          layer->client});
  }
  static std::shared_ptr<ConnectionBudget> limits_of(std::uint32_t max_connections) {
    return std::make_shared<ConnectionBudget>(max_connections, 1);
  }

  Parcel& make(AnalyzerId analyzer, std::size_t body_bytes = 20) {
    Parcel& parcel = parcels.emplace_back();
    parcel.packet.id = "id-" + std::to_string(parcels.size() - 1);
    parcel.packet.messages = static_cast<std::uint32_t>(parcels.size());
    parcel.packet.forwarded_headers = "Content-Type: application/json\r\n";
    std::string body = "body of " + parcel.packet.id + " ";
    body.resize(std::max(body_bytes, body.size()), '.');
    parcel.packet.body = buffers.take(body.size());
    parcel.packet.body.append(body);
    parcel.attempt.packet = &parcel.packet;
    parcel.attempt.analyzer = analyzer;
    return parcel;
  }
  Parcel& send(AnalyzerId analyzer, std::size_t body_bytes = 20) {
    Parcel& parcel = make(analyzer, body_bytes);
    upstream->send(parcel.attempt, Clock::now());
    return parcel;
  }
  void send_many(AnalyzerId analyzer, std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) send(analyzer);
    upstream->flush(Clock::now());
  }
  /// Sends one, flushes, and runs until it has ended.
  Parcel& deliver(AnalyzerId analyzer, std::size_t body_bytes = 20) {
    Parcel& parcel = send(analyzer, body_bytes);
    upstream->flush(Clock::now());
    EXPECT_TRUE(run_until([&] { return parcel.ended(); }));
    return parcel;
  }

  /// Runs the loop until `condition` holds; false if it does not within a time
  /// that only a fault can reach.
  bool run_until(const std::function<bool()>& condition) {
    const TimePoint limit = Clock::now() + std::chrono::seconds(30);
    io.restart();
    while (!condition()) {
      if (Clock::now() > limit || io.run_one_until(limit) == 0) return condition();
    }
    return true;
  }
  bool run_until_all_ended() {
    return run_until([&] { return ended == parcels.size(); });
  }
  std::map<Outcome, std::size_t> outcomes() const {
    std::map<Outcome, std::size_t> counts;
    for (const Parcel& parcel : parcels) {
      if (parcel.ended()) ++counts[parcel.outcome()];
    }
    return counts;
  }
  std::size_t counted_failures() const {
    return static_cast<std::size_t>(std::count_if(parcels.begin(), parcels.end(), [](const Parcel& parcel) {
      return parcel.ended() && parcel.counted() && parcel.outcome() != Outcome::delivered;
    }));
  }

  void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint) override {
    Parcel& parcel = *boost::intrusive::get_parent_from_member(&attempt, &Parcel::attempt);
    parcel.results.push_back(result);
    ++ended;
    if (on_ended) on_ended(parcel);
  }
  void capacity_changed(AnalyzerId, std::uint32_t packets, TimePoint) override { capacities.push_back(packets); }
  void messages_refused(AnalyzerId, std::uint32_t messages) override { refused_messages += messages; }

  core::BufferPool buffers{1024};
  std::vector<std::unique_ptr<net::test::RecordRelay>> relays;  ///< to servers that know only sockets
  std::deque<Parcel> parcels;
  std::size_t ended = 0;
  std::vector<std::uint32_t> capacities;
  std::uint64_t refused_messages = 0;  ///< though their packets were delivered
  std::function<void(Parcel&)> on_ended;
  boost::asio::io_context io{1};
  net::ScriptedNames scripted_names;
  net::NameResolver names{scripted_names.lookup()};
  std::optional<PoolUpstream> upstream;
};

}  // namespace logdist::sink
