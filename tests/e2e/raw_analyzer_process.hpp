// A raw analyzer that can be killed and stopped.
#pragma once

#include <csignal>
#include <memory>
#include <string>

#include "tests/e2e/port_reservation.hpp"
#include "tests/support/process.hpp"

namespace logdist::e2e {

/// The program raw-analyzer as a child, always on the same port and journal.
/// Belongs to one thread.
class RawAnalyzerProcess {
 public:
  /// Starts it.
  explicit RawAnalyzerProcess(const std::string& journal_path);

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.port()); }

  /// Waits until it listens. Not while it runs.
  void start();
  /// Returns when it is dead.
  void kill();
  void stop() { process_->signal(SIGSTOP); }
  void go_on() { process_->signal(SIGCONT); }

 private:
  const std::string journal_path_;
  const PortReservation port_;
  std::unique_ptr<test::Process> process_;
};

}  // namespace logdist::e2e
