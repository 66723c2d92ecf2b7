// The daemon as a process of its own, on free ports.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/e2e/samples.hpp"
#include "tests/e2e/wait.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"

namespace logdist::e2e {

/// Environment variables of the daemon, less `LOGDIST_`.
using Settings = std::map<std::string, std::string>;

/// Which binary, and what it is started by.
struct Launch {
  std::string program{};               ///< a path; empty: the binary under test
  std::vector<std::string> wrapper{};  ///< as of test::ProcessOptions
  std::string config_file{};           ///< of `serve`; empty: none
};

/// `serve`, started with its settings in the environment. Belongs to one thread.
/// What it logged is printed when its test has failed.
class DaemonProcess {
 public:
  /// Starts it and waits until it listens; throws std::runtime_error with what it
  /// said when it does not. On top of the settings: free loopback ports, and
  /// timeouts that a busy machine does not meet by accident.
  explicit DaemonProcess(Settings settings, const Launch& launch = {});
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  const std::string& packet_url() const { return packet_url_; }
  const std::string& admin_url() const { return admin_url_; }
  test::Process& process() { return process_; }

  /// GET /v1/status.
  nlohmann::json status();
  /// GET /metrics.
  Samples metrics() { return Samples(metrics_text()); }
  std::string metrics_text();
  unsigned readyz() { return admin().get("/readyz").status; }

  /// Waits until /v1/status shows what is wanted; false at the deadline.
  bool await(const std::function<bool(const nlohmann::json&)>& wanted, Duration timeout = patience);
  bool await_delivered(std::size_t packets);
  bool await_state(const std::string& analyzer, const std::string& state);

  /// TERM, and a drain that leaves nothing.
  void expect_clean_end();

 private:
  test::HttpClient& admin();

  test::Process process_;
  std::string packet_url_;
  std::string admin_url_;
  std::optional<test::HttpClient> admin_;  ///< from its first use on: it speaks no TLS
};

/// The analyzer `name` in a status.
const nlohmann::json& analyzer_in(const nlohmann::json& status, const std::string& name);

}  // namespace logdist::e2e
