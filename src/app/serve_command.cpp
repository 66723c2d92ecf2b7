#include "app/serve_command.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "app/file_limit.hpp"
#include "logdist/app/daemon.hpp"
#include "logdist/app/logging.hpp"
#include "logdist/config/load.hpp"

namespace logdist::app {
namespace {

namespace asio = boost::asio;

constexpr int exit_clean = 0;
constexpr int exit_not_started = 1;
constexpr int exit_packets_left = 2;

/// TERM and INT drain, a second one ends at once; HUP is heard so that it does
/// not kill.
class Signals {
 public:
  Signals(asio::io_context& control, Daemon& daemon, int& exit_code)
      : control_(control), daemon_(daemon), exit_code_(exit_code), signals_(control, SIGTERM, SIGINT, SIGHUP) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      wait();
      heard(number);
    });
  }

  void heard(int number) {
    if (number == SIGHUP) {
      spdlog::warn("HUP: the configuration is read at the start only; restart to apply a change");
    } else if (draining_) {
      spdlog::error("a second signal: ending at once");
      shut_down_logging();
      std::_Exit(exit_packets_left);
    } else {
      draining_ = true;
      spdlog::info("draining");
      daemon_.drain([this](DrainResult result) { drained(result); });
    }
  }

  void drained(DrainResult result) {
    if (result.packets_left > 0) {
      spdlog::error("drained, but {} accepted packets could not be delivered within shutdown.grace",
                    result.packets_left);
      exit_code_ = exit_packets_left;
    } else {
      spdlog::info("drained: every accepted packet is settled");
    }
    control_.stop();
  }

  asio::io_context& control_;
  Daemon& daemon_;
  int& exit_code_;
  asio::signal_set signals_;
  bool draining_ = false;
};

std::string url_of(const asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const bool is_v6 = endpoint.address().is_v6();
  return fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", address, is_v6 ? "]" : "", endpoint.port());
}

/// Runs the daemon on the control thread until it has drained.
int run(const config::Options& options) {
  asio::io_context control{1};
  auto daemon = Daemon::start(control, options);
  if (!daemon) {
    std::cerr << "log-distributor: " << daemon.error() << '\n';
    return exit_not_started;
  }
  int exit_code = exit_clean;
  const Signals signals(control, **daemon, exit_code);
  log_always(fmt::format("listening: packets on {}, admin on {}", url_of((*daemon)->packet_endpoint()),
                         url_of((*daemon)->admin_endpoint())));
  control.run();
  return exit_code;
}

}  // namespace

int run_serve(const std::optional<std::string>& config_file) {
  const config::Loaded loaded = config::load(config_file, config::read_environment());
  for (const config::Fault& fault : loaded.faults) std::cerr << config::to_string(fault) << '\n';
  if (!loaded.faults.empty()) return exit_not_started;
  set_up_logging(loaded.options.log);
  for (const config::Fault& warning : loaded.warnings) spdlog::warn("{}", config::to_string(warning));
  config::Options options = loaded.options;
  fit_connections(options);
  const int exit_code = run(options);
  shut_down_logging();
  return exit_code;
}

}  // namespace logdist::app
