#include "logdist/server/tls_state.hpp"

#include <utility>

#include <fmt/format.h>

namespace logdist::server {
namespace {

void append(std::vector<telemetry::TlsFacts>& all, const net::ServerTls& port) {
  if (!port.is_on()) return;
  const net::TlsCounts counts = port.counts();
  telemetry::TlsFacts& facts = all.emplace_back();
  facts.port = port.port();
  for (std::size_t i = 0; i < net::handshake_result_count; ++i) {
    facts.handshakes.emplace_back(to_string(static_cast<net::HandshakeResult>(i)), counts.handshakes[i]);
  }
  facts.resumed = counts.resumed;
  facts.expiry_seconds = port.expiry();
}

}  // namespace

std::vector<std::string> TlsState::prepare(const config::Options& options) {
  auto prepared = net::ServerTls::prepare(options.server.tls, loops_);
  if (!prepared) return {fmt::format("server.tls.{}: {}", prepared.error().key, prepared.error().message)};
  prepared_ = std::move(*prepared);
  return {};
}

void TlsState::use_prepared() { packet_port_.use(std::exchange(prepared_, nullptr)); }

std::vector<telemetry::TlsFacts> TlsState::facts() const {
  std::vector<telemetry::TlsFacts> all;
  append(all, packet_port_);
  return all;
}

}  // namespace logdist::server
