#include "logdist/tools/analyzer/analyzer_command.hpp"

#include <csignal>
#include <cstdio>
#include <optional>
#include <random>

#include <fmt/format.h>

#include <boost/asio.hpp>

#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/os/complain.hpp"
#include "logdist/registry/discovery/registration.hpp"
#include "logdist/tools/analyzer/reference_analyzer.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;

ReferenceAnalyzerOptions analyzer_options(const AnalyzerCommandOptions& options, const config::ListenAddress& address) {
  ReferenceAnalyzerOptions result;
  result.host = address.host;
  result.port = address.port;
  result.behaviour.latency = options.latency;
  result.behaviour.fail_rate = options.fail_rate;
  result.behaviour.status = options.status;
  result.seed = std::random_device{}();
  return result;
}

void print(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);  // whoever started it through a pipe waits for the line
}

std::string summary(const AnalyzerStats& stats) {
  return fmt::format("analyzer took {}, {}, {}; {} failed", counted(stats.packets, "packet"),
                     counted(stats.messages, "message"), counted(stats.bytes, "byte"),
                     counted(stats.failures, "request"));
}

}  // namespace

int run_analyzer(const AnalyzerCommandOptions& options) {
  const auto address = config::parse_listen_address(options.listen);
  if (!address) return os::complain("analyzer", fmt::format("--listen {}", address.error().text));
  std::optional<registry::RegistryTarget> target;
  if (options.register_at) {
    const auto parsed = registry::parse_registry_url(*options.register_at, "log-analyzer");
    if (!parsed) return os::complain("analyzer", fmt::format("--register {}", parsed.error()));
    target = *parsed;
  }
  asio::io_context io(1);
  ReferenceAnalyzer analyzer(io, analyzer_options(options, *address));
  if (const auto error = analyzer.listen()) {
    return os::complain("analyzer", fmt::format("cannot listen on {}: {}", options.listen, error.message()));
  }
  std::optional<registry::Registration> registration;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&analyzer, &signals, &registration](const boost::system::error_code& error, int) {
    if (error) return;
    signals.clear();  // the next one takes its default course
    registration.reset();
    analyzer.stop();
  });
  const auto endpoint = analyzer.endpoint();
  if (target) {
    registry::Advertised advertised;
    advertised.host = registry::advertised_host("", endpoint.address().to_string());
    advertised.port = endpoint.port();
    advertised.path = "/analyze";
    registration.emplace(*target, advertised, std::random_device{}());
  }
  print(fmt::format("analyzer listens on http://{}",
                    config::format_listen_address({endpoint.address().to_string(), endpoint.port()})));
  io.run();
  print(summary(analyzer.stats()));
  return 0;
}

}  // namespace logdist::tools
