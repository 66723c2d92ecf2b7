#include "logdist/tools/demo/demo_command.hpp"

#include <array>
#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/server/daemon.hpp"
#include "logdist/telemetry/log.hpp"
#include "logdist/tools/agent/agent.hpp"
#include "logdist/tools/analyzer/reference_analyzer.hpp"
#include "tools/demo/demo_table.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::uint64_t, 3> weights{40, 30, 30};
constexpr double packets_per_second = 1000;
constexpr std::chrono::seconds default_duration{10};
constexpr std::chrono::seconds report_interval{1};

/// The analyzers and the agent, on a thread of their own: the world outside the
/// daemon.
class Outside {
 public:
  /// Empty when the analyzers listen.
  std::string open() {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      analyzers_.push_back(std::make_unique<ReferenceAnalyzer>(io_, ReferenceAnalyzerOptions{}));
      if (const auto error = analyzers_.back()->listen()) return "an analyzer cannot listen: " + error.message();
    }
    return {};
  }

  std::vector<std::unique_ptr<ReferenceAnalyzer>>& analyzers() { return analyzers_; }

  void start_agent(const asio::ip::tcp::endpoint& target, const DemoCommandOptions& options, Agent::Done done) {
    AgentOptions agent;
    agent.target = *config::parse_http_url(fmt::format("http://127.0.0.1:{}/v1/packets", target.port()));
    agent.packets_per_second = packets_per_second;
    agent.packets_max = options.packets;
    agent_.emplace(io_, agent, source_);
    agent_->start(std::move(done));
    thread_ = std::thread([this] { io_.run(); });
  }

  AgentResult progress() const { return agent_->progress(); }
  void stop_agent() { agent_->stop(); }

  ~Outside() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<std::unique_ptr<ReferenceAnalyzer>> analyzers_;
  GeneratedSource source_{{.messages_min = 1, .messages_max = 100, .seed = std::random_device{}()}};
  std::optional<Agent> agent_;
  std::thread thread_;
};

config::Options daemon_options(const std::vector<std::unique_ptr<ReferenceAnalyzer>>& analyzers) {
  config::Options options;
  options.server.listen = {{"127.0.0.1", 0}};
  options.admin.listen = {{"127.0.0.1", 0}};
  options.log.level = config::LogLevel::warn;
  for (std::size_t i = 0; i < analyzers.size(); ++i) {
    const std::string port = std::to_string(analyzers[i]->endpoint().port());
    config::AnalyzerOptions& analyzer = options.analyzers.emplace_back();
    analyzer.name = std::string(1, static_cast<char>('a' + i));
    analyzer.url = "http://127.0.0.1:" + port + "/analyze";
    analyzer.host = "127.0.0.1";
    analyzer.port = port;
    analyzer.target = "/analyze";
    analyzer.weight.units = weights[i] * config::Weight::units_per_one;
  }
  return options;
}

/// One run, on the control thread.
class Demo {
 public:
  Demo(const DemoCommandOptions& options, Outside& outside) : options_(options), outside_(outside) {}

  int run() {
    auto daemon = server::Daemon::start(control_, daemon_options(outside_.analyzers()));
    if (!daemon) {
      std::cerr << "log-distributor: " << daemon.error() << '\n';
      return 1;
    }
    daemon_ = std::move(*daemon);
    fmt::print(
        "demo: packets to http://127.0.0.1:{}/v1/packets, admin on http://127.0.0.1:{}, {:.0f} packets/s of 1 to "
        "100 messages\n",
        daemon_->packet_endpoint().port(), daemon_->admin_endpoint().port(), packets_per_second);
    outside_.start_agent(daemon_->packet_endpoint(), options_, [this](const AgentResult& result) {
      asio::post(control_, [this, result] { agent_done(result); });
    });
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (!error) outside_.stop_agent();
    });
    if (options_.seconds) {
      end_.expires_after(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*options_.seconds)));
      end_.async_wait([this](boost::system::error_code error) {
        if (!error) outside_.stop_agent();
      });
    }
    report_later();
    control_.run();
    daemon_.reset();
    return exit_code_;
  }

 private:
  void report_later() {
    tick_.expires_after(report_interval);
    tick_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      print_live(rows());
      report_later();
    });
  }

  void agent_done(const AgentResult& result) {
    tick_.cancel();
    end_.cancel();
    signals_.cancel();
    if (!result.failure.empty()) std::cerr << "agent: " << result.failure << '\n';
    daemon_->drain([this, result](server::DrainResult) {
      daemon_->request_scrape([this, result](const telemetry::Scrape& scrape) {
        exit_code_ = print_summary(rows(), result, scrape) ? 0 : 1;
        control_.stop();
      });
    });
  }

  /// What the analyzers themselves have counted.
  std::vector<DemoRow> rows() {
    std::vector<DemoRow> rows;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const AnalyzerStats stats = outside_.analyzers()[i]->stats();
      rows.push_back({std::string(1, static_cast<char>('a' + i)), weights[i], stats.packets, stats.messages});
    }
    return rows;
  }

  const DemoCommandOptions options_;
  Outside& outside_;
  asio::io_context control_{1};
  asio::signal_set signals_{control_, SIGINT, SIGTERM};
  asio::steady_timer tick_{control_};
  asio::steady_timer end_{control_};
  std::unique_ptr<server::Daemon> daemon_;
  int exit_code_ = 1;
};

}  // namespace

int run_demo(const DemoCommandOptions& options) {
  log::set_up({config::LogLevel::warn, config::LogFormat::text});
  DemoCommandOptions bounded = options;
  if (!bounded.seconds && !bounded.packets) bounded.seconds = std::chrono::duration<double>(default_duration).count();
  Outside outside;
  if (const std::string fault = outside.open(); !fault.empty()) {
    std::cerr << "log-distributor: " << fault << '\n';
    return 1;
  }
  return Demo(bounded, outside).run();
}

}  // namespace logdist::tools
