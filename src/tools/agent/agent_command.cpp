#include "logdist/tools/agent/agent_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <csignal>
#include <random>

#include "logdist/base/counted.hpp"
#include "logdist/os/complain.hpp"
#include "logdist/tools/agent/agent.hpp"
#include "logdist/tools/agent/agent_report.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;

constexpr const char* default_path = "/v1/packets";
constexpr std::uint64_t rejections_shown_max = 10;

/// A line that a terminal shows in place, and a log line by line.
class ProgressLine {
 public:
  ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

  Duration interval() const { return terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5'000); }

  void show(const std::string& line) {
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
    std::fflush(stderr);
    shown_ = true;
  }

  /// Makes way for other text.
  void clear() {
    if (terminal_ && std::exchange(shown_, false)) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const bool terminal_;
  bool shown_ = false;
};

/// The agent with its watchers: signals, progress, rejections. Confined to run().
class AgentCommand {
 public:
  AgentCommand(AgentOptions options, PacketSource& source)
      : agent_(io_, std::move(options), source), signals_(io_, SIGINT, SIGTERM), ticker_(io_) {}

  AgentResult run() {
    agent_.on_rejected([this](const Rejection& rejection) { report(rejection); });
    agent_.start([this](const AgentResult& result) {
      before_ = result;
      signals_.cancel();
      ticker_.cancel();
    });
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      signals_.clear();  // The next one takes its default course.
      agent_.stop();
    });
    tick();
    io_.run();
    progress_.clear();
    return before_;
  }

 private:
  void tick() {
    ticker_.expires_after(progress_.interval());
    ticker_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      const AgentResult now = agent_.progress();
      progress_.show(progress_line(before_, now));
      before_ = now;
      tick();
    });
  }

  void report(const Rejection& rejection) {
    if (++rejections_ > rejections_shown_max + 1) return;
    progress_.clear();
    if (rejections_ <= rejections_shown_max) {
      fmt::print(stderr, "rejected {}: {} {}\n", rejection.packet_id, rejection.status, rejection.detail);
    } else {
      fmt::print(stderr, "further rejections are only counted\n");
    }
  }

  asio::io_context io_{1};
  Agent agent_;
  asio::signal_set signals_;
  asio::steady_timer ticker_;
  ProgressLine progress_;
  AgentResult before_;  ///< what was shown last; at the end the result
  std::uint64_t rejections_ = 0;
};

/// Where to, and how.
struct Target {
  config::HttpUrl url;
  net::TransportFactory layer;
};

AgentOptions agent_options(const AgentCommandOptions& options, const Target& target, std::uint64_t seed) {
  AgentOptions result;
  result.target = target.url;
  result.layer = target.layer;
  if (result.target.target == "/") result.target.target = default_path;
  result.connections = options.connections;
  result.packets_per_second = options.rate.value_or(0);
  result.packets_max = options.packets;
  result.seed = seed;
  return result;
}

int run_with(const AgentCommandOptions& options, const Target& target, std::uint64_t seed, PacketSource& source) {
  const AgentResult result = AgentCommand(agent_options(options, target, seed), source).run();
  fmt::print("{}", summary(result));
  std::fflush(stdout);
  if (!result.failure.empty()) return os::complain("agent", result.failure);
  return result.all_accepted() ? 0 : 1;
}

}  // namespace

int run_agent(const AgentCommandOptions& options) {
  const auto url = config::parse_typed_url(options.target);
  if (!url)
    return os::complain("agent",
                        fmt::format("--target {}; allowed: http://HOST:PORT, https:// or HOST:PORT", url.error().text));
  const auto tls = target_tls(*url, with_environment(options.tls, config::read_environment()));
  if (!tls) return os::complain("agent", tls.error());
  const Target target{*url, net::ClientTls::factory(*tls)};
  const std::uint64_t seed = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();

  if (options.dead_letters) {
    const auto source = LetterSource::open(*options.dead_letters);
    if (!source) return os::complain("agent", fmt::format("{}: {}", *options.dead_letters, source.error().message()));
    return run_with(options, target, seed, **source);
  }
  if (!options.file) {
    GeneratedSourceOptions generated;
    generated.messages_min = generated.messages_max = options.batch;
    generated.seed = seed;
    GeneratedSource source(generated);
    return run_with(options, target, seed, source);
  }
  LineSourceOptions lines;
  lines.batch = options.batch;
  lines.seed = seed;
  const auto source = LineSource::open(*options.file, lines);
  if (!source) return os::complain("agent", fmt::format("{}: {}", *options.file, source.error().message()));
  const int code = run_with(options, target, seed, **source);
  if (const auto cut = (*source)->lines_cut(); cut > 0) {
    fmt::print(stderr, "{} longer than {} bytes and cut\n", counted(cut, "line was", "lines were"),
               lines.line_bytes_max);
  }
  return code;
}

}  // namespace logdist::tools
