// How much CPU a packet costs on its way to an analyzer and back: keeps a given
// number of packets under way to a server that is already listening.
//
//   upstream_saturate HOST PORT [PACKETS] [UNDER_WAY] [BODY_BYTES]
#include <sys/resource.h>

#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "logdist/core/packet.hpp"
#include "logdist/sink/http/pool_upstream.hpp"

namespace logdist::sink {
namespace {

double cpu_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Sends each packet again as soon as it has ended, one turn of the loop later.
class Saturation final : public AttemptListener {
 public:
  Saturation(boost::asio::io_context& io, PoolUpstream& upstream, std::uint64_t packets)
      : io_(io), upstream_(upstream), left_(packets) {}

  void add(core::Attempt& attempt) {
    ready_.push_back(&attempt);
    turn_soon();
  }

  void attempt_ended(core::Attempt& attempt, const core::AttemptResult& result, TimePoint) override {
    ++ended_[static_cast<std::size_t>(result.outcome)];
    if (left_ == 0) {
      if (--under_way_ == 0) upstream_.shutdown(Clock::now());
      return;
    }
    --under_way_;
    add(attempt);
  }
  void capacity_changed(AnalyzerId, std::uint32_t packets, TimePoint) override {
    std::cout << "capacity is now " << packets << " packets\n";
  }
  void messages_refused(AnalyzerId, std::uint32_t) override {}

  std::uint64_t ended(Outcome outcome) const { return ended_[static_cast<std::size_t>(outcome)]; }

 private:
  void turn_soon() {
    if (std::exchange(turn_posted_, true)) return;
    boost::asio::post(io_, [this] { turn(); });
  }
  void turn() {
    turn_posted_ = false;
    const TimePoint now = Clock::now();
    for (core::Attempt* attempt : ready_) {
      if (left_ == 0) break;
      --left_;
      ++under_way_;
      upstream_.send(*attempt, now);
    }
    ready_.clear();
    upstream_.flush(now);
  }

  boost::asio::io_context& io_;
  PoolUpstream& upstream_;
  std::uint64_t left_;
  std::uint64_t under_way_ = 0;
  bool turn_posted_ = false;
  std::vector<core::Attempt*> ready_;
  std::array<std::uint64_t, outcome_count> ended_{};
};

struct Arguments {
  std::string host;
  std::string port;
  std::uint64_t packets = 1'000'000;
  std::size_t under_way = 128;
  std::size_t body_bytes = 2048;
};

void report(const Saturation& saturation, const PoolStatistics& statistics, double seconds, std::uint64_t packets) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto each = [&](double value) { return value / static_cast<double>(packets); };
  std::cout << packets << " packets, " << static_cast<double>(packets) / seconds << " a second\n"
            << "CPU a packet: " << each(cpu_seconds(usage.ru_utime)) * 1e6 << " us user + "
            << each(cpu_seconds(usage.ru_stime)) * 1e6 << " us system\n"
            << "a packet: " << each(static_cast<double>(statistics.writes)) << " writes, "
            << each(static_cast<double>(statistics.reads)) << " reads that brought bytes\n"
            << statistics.connects << " connections, " << statistics.resent << " sent again\n";
  for (std::size_t index = 0; index < outcome_count; ++index) {
    const auto outcome = static_cast<Outcome>(index);
    if (saturation.ended(outcome) > 0) std::cout << to_string(outcome) << ": " << saturation.ended(outcome) << "\n";
  }
}

int run(const Arguments& arguments) {
  boost::asio::io_context io(1);
  net::NameResolver names;
  PoolUpstream upstream(io, names, PoolOptions{});
  Saturation saturation(io, upstream, arguments.packets);
  upstream.set_listener(saturation);
  upstream.add({arguments.host, arguments.port, "/", {}, std::make_shared<ConnectionBudget>(32, 1)});

  core::BufferPool buffers(arguments.under_way * arguments.body_bytes);
  std::deque<core::Packet> packets(arguments.under_way);
  std::deque<core::Attempt> attempts(arguments.under_way);
  for (std::size_t index = 0; index < arguments.under_way; ++index) {
    core::Packet& packet = packets[index];
    packet.body = buffers.take(arguments.body_bytes);
    packet.body.append(std::string(arguments.body_bytes, 'x'));
    packet.id = "018f3b6a-7c2e-7d3a-9f10-" + std::to_string(100'000'000'000 + index);
    packet.forwarded_headers = "Content-Type: application/json\r\n";
    packet.messages = 10;
    attempts[index].packet = &packet;
    saturation.add(attempts[index]);
  }
  const TimePoint begin = Clock::now();
  io.run();
  report(saturation, upstream.statistics(), to_seconds(Clock::now() - begin), arguments.packets);
  return saturation.ended(Outcome::delivered) == arguments.packets ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace logdist::sink

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: upstream_saturate HOST PORT [PACKETS] [UNDER_WAY] [BODY_BYTES]\n";
    return EXIT_FAILURE;
  }
  logdist::sink::Arguments arguments{argv[1], argv[2]};
  if (argc > 3) arguments.packets = std::stoull(argv[3]);
  if (argc > 4) arguments.under_way = std::stoul(argv[4]);
  if (argc > 5) arguments.body_bytes = std::stoul(argv[5]);
  return logdist::sink::run(arguments);
}
