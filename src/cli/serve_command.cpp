#include "cli/serve_command.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/auth/admin_tokens.hpp"
#include "logdist/auth/clients.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/config/load.hpp"
#include "logdist/config/text.hpp"
#include "logdist/net/tls/check_tls.hpp"
#include "logdist/os/end_signals.hpp"
#include "logdist/os/systemd_notifier.hpp"
#include "logdist/registry/loop_check.hpp"
#include "logdist/server/daemon.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::cli {
namespace {

namespace asio = boost::asio;

constexpr int exit_clean = 0;
constexpr int exit_not_started = 1;
constexpr int exit_packets_left = 2;

/// A reload holds up the admin port while it asks whether a name is our own.
constexpr Duration reload_lookup_max = std::chrono::milliseconds(50);

/// Reads the configuration; told where the packet port is, once it is open.
using ConfigurationReader = std::function<config::Loaded(const std::optional<std::vector<config::ListenAddress>>&)>;

/// What an end may take beyond shutdown.grace: dead letters are written then.
constexpr Duration end_margin = std::chrono::seconds(15);

/// A second signal leaves so much time for what is left to be written; what is not is
/// told shortly before.
constexpr std::chrono::milliseconds forced_end_limit{1'900};
constexpr std::chrono::milliseconds forced_end_warning{1'700};

/// TERM and INT drain, a second one leaves just the time to write what is left to the
/// dead-letter file; HUP reloads the configuration, USR1 opens files again.
class SignalHandler {
 public:
  SignalHandler(asio::io_context& control, os::EndSignals& signals, server::Daemon& daemon,
                os::SystemdNotifier& notifier)
      : control_(control), signals_(signals), daemon_(daemon), notifier_(notifier), limit_(control) {
    signals_.listen(control, [this](int number) { heard(number); });
  }

  int exit_code() const { return exit_code_; }

 private:
  void heard(int number) {
    if (number == SIGHUP) {
      reload();
    } else if (number == SIGUSR1) {
      daemon_.reopen_files();
    } else if (draining_) {
      end_soon();
    } else {
      draining_ = true;
      log::info("draining", "draining");
      notifier_.stopping(daemon_.grace() + end_margin);
      daemon_.drain([this](server::DrainResult result) { drained(result); });
    }
  }

  /// The log's reader, a loop or the disk may hang: the end comes all the same.
  void end_soon() {
    const std::size_t left = daemon_.queued_packets();
    log::error("forced_exit",
               fmt::format("a second signal: ending now, with {} left in the queue", counted(left, "packet")),
               {{"packets_left", left}});
    forced_ = true;
    exit_code_ = exit_packets_left;
    signals_.end_within(exit_packets_left, forced_end_limit);
    limit_.expires_after(forced_end_warning);
    limit_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      const std::size_t lost = (daemon_.keeps_packets() ? 0 : daemon_.queued_packets()) + daemon_.letters_waiting();
      log::error("forced_exit",
                 fmt::format("no more time to write dead letters: {} lost", counted(lost, "packet is", "packets are")),
                 {{"packets_lost", lost}});
    });
    daemon_.hurry();
  }

  void reload() {
    if (!draining_) notifier_.reloading();
    daemon_.reload("HUP", [this] {
      if (!draining_) notifier_.reloaded();
    });
  }

  void drained(server::DrainResult result) {
    limit_.cancel();
    if (result.letters_lost > 0) {
      log::error("dead_letter_not_written",
                 fmt::format("delivery.dead_letter: the disk does not respond: {} not kept",
                             counted(result.letters_lost, "packet is", "packets are")),
                 {{"packets_not_kept", result.letters_lost}});
      exit_code_ = exit_packets_left;
    }
    if (result.queue_stuck) {
      log::error("queue_not_closed",
                 fmt::format("queue.directory: the disk does not respond: {} is not closed", result.kept_in),
                 {{"directory", result.kept_in}});
      exit_code_ = exit_packets_left;
    }
    if (result.packets_left > 0) {
      const std::string where =
          result.kept_in.empty() ? "" : fmt::format("; kept in {} for the next start", result.kept_in);
      log::error(
          "drained",
          fmt::format("drained, but {} could not be delivered {}{}", counted(result.packets_left, "accepted packet"),
                      forced_ ? "before the second signal" : "within shutdown.grace", where),
          {{"packets_left", result.packets_left}});
      exit_code_ = exit_packets_left;
    } else {
      log::info("drained", "drained: every accepted packet is settled", {{"packets_left", 0}});
    }
    signals_.end_with(exit_code_);
    control_.stop();
  }

  asio::io_context& control_;
  os::EndSignals& signals_;
  server::Daemon& daemon_;
  os::SystemdNotifier& notifier_;
  asio::steady_timer limit_;  ///< after a second signal
  int exit_code_ = exit_clean;
  bool draining_ = false;
  bool forced_ = false;  ///< by a second signal
};

void log_warnings(const config::Loaded& loaded) {
  for (const config::Error& warning : loaded.warnings) {
    log::record(log::Level::warn, "configuration_warning", config::to_string(warning), {{"key", warning.key}});
  }
}

/// A line of the log for machines, a plain one for people.
int not_started(const std::string& why, config::LogFormat format) {
  if (format == config::LogFormat::json) {
    log::record(log::Level::error, "not_started", why);
  } else {
    std::cerr << "log-distributor: " << why << '\n';
  }
  return exit_not_started;
}

int misconfigured(const config::Loaded& loaded) {
  if (loaded.options.log.format == config::LogFormat::json) {
    log::set_up(loaded.options.log);
    log_warnings(loaded);
    for (const config::Error& fault : loaded.errors) {
      log::record(log::Level::error, "configuration_fault", config::to_string(fault), {{"key", fault.key}});
    }
    log::shut_down();
  } else {
    for (const config::Error& warning : loaded.warnings) std::cerr << "warning: " << config::to_string(warning) << '\n';
    for (const config::Error& fault : loaded.errors) std::cerr << config::to_string(fault) << '\n';
  }
  return exit_not_started;
}

/// Once, where more than this machine reaches the packet port, and everybody there may send.
void warn_of_open_port(const config::Options& options, const std::vector<config::ListenAddress>& addresses) {
  const bool wants_certificates =
      options.server.tls.is_on() && options.server.tls.client_auth == config::ClientAuth::required;
  if (wants_certificates || !options.auth.anonymous) return;
  const auto beyond = std::ranges::find_if_not(addresses, config::is_loopback);
  if (beyond == addresses.end()) return;
  const std::string address = config::format_listen_address(*beyond);
  log::record(log::Level::warn, "packet_port_open",
              fmt::format("packet port: whoever reaches {} may send packets; auth.anonymous: false asks for tokens or "
                          "certificates",
                          address),
              {{"address", address}});
}

/// Runs the daemon on the control thread until it has drained.
int run(const config::Options& options, const ConfigurationReader& reader, os::EndSignals& signals) {
  const os::ServiceVariables variables = os::read_service_variables();
  auto packet_socket = os::take_listening_socket(variables);
  if (!packet_socket) return not_started(packet_socket.error(), options.log.format);
  asio::io_context control{1};
  const auto packet_port = std::make_shared<std::optional<std::vector<config::ListenAddress>>>();
  auto daemon = server::Daemon::start(control, options, std::move(*packet_socket),
                                      [reader, packet_port] { return reader(*packet_port); });
  if (!daemon) return not_started(daemon.error(), options.log.format);
  *packet_port = (*daemon)->packet_addresses();
  warn_of_open_port(options, **packet_port);
  os::SystemdNotifier notifier(control, variables);
  const SignalHandler handler(control, signals, **daemon, notifier);
  const std::string packets = (*daemon)->packet_urls();
  const std::string admin = (*daemon)->admin_urls();
  std::string listening = fmt::format("listening: packets on {}, admin on {}", packets, admin);
  log::Fields fields{{"packets", packets}, {"admin", admin}};
  if (options.queue.storage == config::StorageMode::disk) {
    const std::string sync = config::format_sync(options.queue.sync);
    listening += fmt::format(" (queue on disk in {}, sync {})", options.queue.directory, sync);
    fields.update({{"storage", "disk"}, {"directory", options.queue.directory}, {"sync", sync}});
  }
  log::announce("listening", listening, fields);
  notifier.ready(listening);
  // A scrape asks every loop, so that one that hangs is missed by the service manager.
  notifier.watch([&daemon](std::function<void()> well) {
    (*daemon)->request_scrape([well = std::move(well)](const telemetry::Scrape&) { well(); });
  });
  control.run();
  return handler.exit_code();
}

/// Reads `file` as at the start; the environment is what it was then. Something
/// else than a file cannot be read again: a pipe would be waited for.
config::Loaded load_again(const std::optional<std::string>& file,
                          const std::optional<std::vector<config::ListenAddress>>& listening) {
  std::error_code error;
  if (file && std::filesystem::exists(*file, error) && !std::filesystem::is_regular_file(*file, error)) {
    config::Loaded loaded;
    loaded.errors.push_back({*file, 0, "", "is not a regular file, so it cannot be read again"});
    return loaded;
  }
  config::Loaded loaded = config::load(file, config::read_environment());
  registry::LocalNames names = registry::LocalNames::of_this_machine();
  names.limit = reload_lookup_max;
  registry::check_loops(loaded, listening, names);
  net::check_tls(loaded);
  auth::check_admin_tokens(loaded);
  auth::check_clients(loaded);
  return loaded;
}

/// The same, again and again; warns of what the file changes to no effect.
ConfigurationReader source_of(const std::optional<std::string>& file, const config::Loaded& start) {
  return [file, masked = start.masked](const std::optional<std::vector<config::ListenAddress>>& listening) mutable {
    config::Loaded before;
    before.masked = masked;
    config::Loaded loaded = load_again(file, listening);
    for (config::Error& warning : config::masked_changes(before, loaded)) loaded.warnings.push_back(std::move(warning));
    if (loaded.errors.empty()) masked = loaded.masked;
    return loaded;
  };
}

}  // namespace

int run_serve(const std::optional<std::string>& config_file) {
  config::Loaded loaded = config::load(config_file, config::read_environment());
  registry::check_loops(loaded, std::nullopt);
  net::check_tls(loaded);
  auth::check_admin_tokens(loaded);
  auth::check_clients(loaded);
  if (!loaded.errors.empty()) return misconfigured(loaded);
  os::EndSignals signals;
  log::set_up(loaded.options.log);
  log_warnings(loaded);
  const int exit_code = run(loaded.options, source_of(config_file, loaded), signals);
  log::shut_down();
  return exit_code;
}

}  // namespace logdist::cli
