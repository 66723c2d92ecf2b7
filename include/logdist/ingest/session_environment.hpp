// What the agent connections of one loop share.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/config/options.hpp"
#include "logdist/core/buffer.hpp"
#include "logdist/ingest/clients/directory.hpp"
#include "logdist/ledger/ledger.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/queue/ack_registry.hpp"
#include "logdist/queue/memory_limiter.hpp"
#include "logdist/queue/packet_sink.hpp"

namespace logdist::ingest {

/// References to the few things a session needs, all of them the loop's own but
/// for `memory` and `acks`, which all loops share. All outlive the loop's sessions.
struct SessionEnvironment {
  boost::asio::io_context& loop;
  queue::PacketSink& sink;
  codec::Decoder& decoder;
  core::BufferPool& buffers;
  ledger::Ledger& ledger;
  queue::MemoryLimiter& memory;
  Random& random;                                  ///< of the packet ids made here
  const config::ServerOptions& server;             ///< limits and timeouts
  Duration buffer_timeout;                         ///< longest wait for buffer space (delivery.caller_runs_timeout)
  std::string_view via_name = {};                  ///< ours in Via: a request that has it already is a loop
  Duration rate_window = std::chrono::seconds(5);  ///< in which server.min_body_rate is measured
  Duration kept_after_packet = std::chrono::seconds(1);  ///< so much later one whose packet was accepted counts as idle
  /// When there are too many connections: so long a request, or an answer, may wait for its agent.
  Duration stalled_after = std::chrono::milliseconds(500);
  net::TransportFactory make_transport = {};  ///< the layer on each connection; empty: none
  bool keeps_origin = false;                  ///< a packet keeps who sent it, and to which path
  /// Whether packets are accepted, for agents that ask beforehand; empty: as `sink` says.
  std::function<bool()> is_ready = {};
  queue::AckRegistry* acks = nullptr;  ///< of HEC; none: they are turned off
  ClientDirectory* clients = nullptr;  ///< who may send; null: everybody
  /// Whether an agent that waits for its delivery may get the analyzer's answer; empty: none does.
  std::function<bool()> relays_answers = {};
};

}  // namespace logdist::ingest
