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

std::string in_words(const std::string& section, const net::TlsProblem& problem) {
  return fmt::format("{}.tls.{}: {}", section, problem.key, problem.message);
}

}  // namespace

std::vector<std::string> TlsState::prepare(const config::Options& options) {
  std::vector<std::string> faults;
  const auto prepare_port = [&faults](const char* section, const config::PortTlsOptions& tls, std::size_t loops) {
    auto prepared = net::ServerTls::prepare(tls, loops);
    if (prepared) return std::move(*prepared);
    faults.push_back(in_words(section, prepared.error()));
    return std::shared_ptr<const net::ServerContexts>();
  };
  PreparedPorts& ports = prepared_.emplace();
  ports.packet = prepare_port("server", options.server.tls, loops_);
  ports.admin = prepare_port("admin", options.admin.tls, 1);
  for (std::string& fault : prepare_analyzers(options)) faults.push_back(std::move(fault));
  return faults;
}

std::vector<std::string> TlsState::prepare_analyzers(const config::Options& options) {
  std::vector<std::string> faults;
  prepared_of_analyzers_.clear();
  for (const config::AnalyzerOptions& analyzer : options.analyzers) {
    if (!analyzer.is_tls) continue;
    auto context = net::ClientTls::prepare(analyzer.tls, analyzer.host);
    if (context) {
      prepared_of_analyzers_[analyzer.name] = std::move(*context);
    } else {
      faults.push_back(in_words(analyzer.name, context.error()));
    }
  }
  return faults;
}

void TlsState::use_prepared(registry::AnalyzerRegistry& registry) {
  if (const auto ports = std::exchange(prepared_, std::nullopt)) {
    packet_port_.use(ports->packet);
    admin_port_.use(ports->admin);
  }
  using Lifecycle = registry::RegistryEntry::Lifecycle;
  for (const Lifecycle lifecycle : {Lifecycle::entering, Lifecycle::present}) {
    for (AnalyzerId id = 0; id < registry.size(); ++id) {
      const registry::RegistryEntry& entry = registry[id];
      if (entry.lifecycle != lifecycle || !entry.tls) continue;
      const auto context = prepared_of_analyzers_.extract(entry.configured.name);
      if (!context.empty()) entry.tls->use(context.mapped());
    }
  }
  prepared_of_analyzers_.clear();
}

std::vector<telemetry::TlsFacts> TlsState::facts() const {
  std::vector<telemetry::TlsFacts> all;
  append(all, packet_port_);
  append(all, admin_port_);
  return all;
}

}  // namespace logdist::server
