#include "tests/e2e/daemon_process.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <stdexcept>

namespace logdist::e2e {
namespace {

using test::Process;

test::ProcessOptions options_of(Settings settings, const Launch& launch) {
  settings.insert({{"SERVER__LISTEN", "127.0.0.1:0"},
                   {"SERVER__MAX_CONNECTIONS", "600"},
                   {"ADMIN__LISTEN", "127.0.0.1:0"},
                   {"BALANCE__STATE_FILE", ""},
                   {"DELIVERY__TIMEOUT", "60s"},
                   {"HEALTH__TIMEOUT", "60s"},
                   {"SHUTDOWN__GRACE", "60s"},
                   {"THREADS", "2"}});
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : settings) environment["LOGDIST_" + name] = value;
  // A sanitizer that keeps what was freed would look like a leak to the soak.
  if (std::getenv("ASAN_OPTIONS") == nullptr) environment["ASAN_OPTIONS"] = "quarantine_size_mb=1";
  std::vector<std::string> arguments{"serve"};
  if (!launch.config_file.empty()) arguments.insert(arguments.end(), {"--config", launch.config_file});
  test::ProcessOptions options = Process::log_distributor(arguments, environment);
  if (!launch.program.empty()) options.program = launch.program;
  options.wrapper = launch.wrapper;
  return options;
}

std::string url_in_start_line(Process& process, std::size_t which) {
  const auto line =
      process.wait_for_line(R"(listening: packets on (https?://[^\s,]+), admin on (https?://[^\s"]+))", patience);
  if (!line) throw std::runtime_error("the daemon did not start:\n" + process.errors());
  return line->at(which);
}

}  // namespace

DaemonProcess::DaemonProcess(Settings settings, const Launch& launch)
    : process_(options_of(std::move(settings), launch)),
      packet_url_(url_in_start_line(process_, 1)),
      admin_url_(url_in_start_line(process_, 2)) {}

DaemonProcess::~DaemonProcess() {
  if (testing::Test::HasFailure()) std::cout << "the daemon logged:\n" << process_.errors();
}

test::HttpClient& DaemonProcess::admin() { return admin_ ? *admin_ : admin_.emplace(admin_url_); }

nlohmann::json DaemonProcess::status() {
  const test::HttpReply reply = admin().get("/v1/status");
  if (reply.status != 200) throw std::runtime_error("/v1/status: " + std::to_string(reply.status) + " " + reply.body);
  return nlohmann::json::parse(reply.body);
}

std::string DaemonProcess::metrics_text() {
  const test::HttpReply reply = admin().get("/metrics");
  if (reply.status != 200) throw std::runtime_error("/metrics: " + std::to_string(reply.status) + " " + reply.body);
  return reply.body;
}

bool DaemonProcess::await(const std::function<bool(const nlohmann::json&)>& wanted, Duration timeout) {
  nlohmann::json last;
  const bool came = eventually(
      [&] {
        last = status();
        return wanted(last);
      },
      timeout);
  if (!came) std::cout << "the status at the deadline:\n" << last.dump(2) << "\n";
  return came;
}

bool DaemonProcess::await_delivered(std::size_t packets) {
  return await([&](const auto& status) { return status["ledger"]["delivered"]["packets"] == packets; });
}

bool DaemonProcess::await_state(const std::string& analyzer, const std::string& state) {
  return await([&](const auto& status) { return analyzer_in(status, analyzer)["state"] == state; });
}

void DaemonProcess::expect_clean_end() {
  process_.terminate();
  EXPECT_EQ(process_.wait_exit(patience), 0) << process_.errors();
}

const nlohmann::json& analyzer_in(const nlohmann::json& status, const std::string& name) {
  for (const auto& analyzer : status.at("analyzers")) {
    if (analyzer.at("name") == name) return analyzer;
  }
  throw std::out_of_range("no such analyzer: " + name);
}

}  // namespace logdist::e2e
