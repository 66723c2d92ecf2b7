// Reference analyzers: a set of them in the test's own process, and single ones
// that can be killed.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "logdist/tools/analyzer/reference_analyzer.hpp"
#include "tests/e2e/port_reservation.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"

namespace logdist::e2e {

/// The weights of the task: 40/30/30.
inline const std::vector<std::uint64_t> usual_weights{40, 30, 30};

/// Analyzers named a, b, c … on one thread. They record every id they took.
/// Belongs to the test's thread.
class Analyzers {
 public:
  explicit Analyzers(std::vector<std::uint64_t> weights = usual_weights);
  ~Analyzers();
  Analyzers(const Analyzers&) = delete;
  Analyzers& operator=(const Analyzers&) = delete;

  /// The value of LOGDIST_ANALYZERS that names them.
  std::string setting() const;
  std::string url(std::size_t index) const;
  const std::vector<std::uint64_t>& weights() const { return weights_; }
  static std::string name(std::size_t index) { return std::string(1, static_cast<char>('a' + index)); }

  /// All of them, from the next request on.
  void behave(tools::AnalyzerBehaviour behaviour);
  void behave(std::size_t index, tools::AnalyzerBehaviour behaviour);

  /// Closes the port and every connection, answered or not.
  void stop(std::size_t index);
  void stop_all();
  /// Listens again, on the same port.
  void start(std::size_t index);

  /// What was taken, starts and stops included.
  tools::AnalyzerStats stats(std::size_t index) const;
  std::vector<std::uint64_t> messages() const;  ///< by analyzer
  std::uint64_t packets() const;                ///< of all
  std::vector<std::string> ids() const;         ///< of all, a duplicate's as often as it came

 private:
  /// One after the other on one port; the last one may listen.
  struct Lives {
    PortReservation port;
    std::vector<std::unique_ptr<tools::ReferenceAnalyzer>> analyzers;
  };

  boost::system::error_code add_life(std::size_t index);
  template <typename Work>
  void on_thread(Work work);

  const std::vector<std::uint64_t> weights_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<Lives> lives_;
  std::thread thread_;
};

/// `log-distributor analyzer` as a process of its own, which can be killed and
/// started again on the same port.
class AnalyzerProcess {
 public:
  /// Starts it.
  AnalyzerProcess();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.port()); }

  /// Waits until it listens. Not while it runs.
  void start(const std::vector<std::string>& arguments = {});
  void kill();
  /// POST /control.
  void change(const nlohmann::json& behaviour);
  nlohmann::json stats();
  std::vector<std::string> ids();

 private:
  PortReservation port_;
  std::unique_ptr<test::Process> process_;
  std::unique_ptr<test::HttpClient> client_;  ///< of the present process
};

}  // namespace logdist::e2e
