#include "logdist/tools/control/replay_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "logdist/base/counted.hpp"
#include "logdist/config/text.hpp"
#include "logdist/os/complain.hpp"

namespace logdist::tools {
namespace {

using Json = nlohmann::json;

constexpr const char* command_name = "replay";
constexpr const char* replay_path = "/v1/replay";
constexpr const char* not_the_daemon = "the answer is not that of a log-distributor";
constexpr int bar_width = 30;

/// Waits between two looks; INT and TERM end a wait.
class Interrupts {
 public:
  Interrupts() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      signals_.clear();  // the next one takes its default course
      is_heard_ = true;
      timer_.cancel();
    });
  }

  /// Whether there was one since the last call.
  bool wait(Duration interval) {
    bool is_over = false;
    timer_.expires_after(interval);
    timer_.async_wait([&is_over](const boost::system::error_code&) { is_over = true; });
    while (!is_over && io_.run_one() > 0) {
    }
    io_.restart();
    return std::exchange(is_heard_, false);
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
  boost::asio::steady_timer timer_{io_};
  bool is_heard_ = false;
};

/// On a terminal, in place.
class ReplayBar {
 public:
  void show(const Json& replay) {
    if (!is_terminal_) return;
    const double share = std::clamp(replay.at("read_share").get<double>(), 0.0, 1.0);
    const int full = static_cast<int>(share * bar_width);
    fmt::print(stderr, "\r\x1b[K[{:=<{}}{: <{}}] {:3.0f} %  {} of {} found replayed", "", full, "", bar_width - full,
               100 * share, replay.at("packets_replayed").get<std::uint64_t>(),
               replay.at("packets_found").get<std::uint64_t>());
    std::fflush(stderr);
    is_shown_ = true;
  }
  ~ReplayBar() { clear(); }
  void clear() {
    if (std::exchange(is_shown_, false)) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool is_shown_ = false;
};

std::string order_of(const ReplayCommandOptions& options) {
  Json order = Json::object();
  if (!options.from.empty()) order["from"] = options.from;
  if (!options.to.empty()) order["to"] = options.to;
  if (!options.ids.empty()) order["ids"] = options.ids;
  if (options.dead_letters) order["dead_letters"] = true;
  if (!options.analyzer.empty()) order["analyzer"] = options.analyzer;
  if (options.rate > 0) order["rate"] = options.rate;
  if (options.dry_run) order["dry_run"] = true;
  return order.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int print_end(const Json& replay) {
  const auto found = replay.at("packets_found").get<std::uint64_t>();
  const auto messages = replay.at("messages_found").get<std::uint64_t>();
  const auto replayed = replay.at("packets_replayed").get<std::uint64_t>();
  const auto failed = replay.value("packets_failed", std::uint64_t{0});
  const auto unreadable = replay.at("segments_unreadable").get<std::uint64_t>();
  const std::string state = replay.at("state").get<std::string>();
  if (replay.at("dry_run").get<bool>()) {
    fmt::print("{} with {} would be replayed\n", counted(found, "packet"), counted(messages, "message"));
  } else {
    fmt::print("{} of {} replayed\n", replayed, counted(found, "packet"));
  }
  if (failed > 0) {
    return os::complain(command_name, fmt::format("{} not taken by the analyzer, or it is gone",
                                                  counted(failed, "packet was", "packets were")));
  }
  if (unreadable > 0)
    return os::complain(command_name, fmt::format("{} could not be read", counted(unreadable, "file")));
  if (state != "done") return os::complain(command_name, "stopped");
  return 0;
}

}  // namespace

int run_replay(const ReplayCommandOptions& options, const config::Environment& environment) {
  Interrupts interrupts;
  auto answer = ask_admin(options.admin, environment, replay_path, order_of(options));
  if (!answer) return os::complain(command_name, answer.error());
  if (answer->status != 202) return os::complain(command_name, explain(*answer));
  ReplayBar bar;
  try {
    Json replay = Json::parse(answer->body);
    const std::string path = fmt::format("{}/{}", replay_path, replay.at("id").get<std::string>());
    while (replay.at("state").get<std::string>() == "running") {
      bar.show(replay);
      if (interrupts.wait(options.interval)) {
        answer = delete_at_admin(options.admin, environment, path);
      } else {
        answer = ask_admin(options.admin, environment, path);
      }
      if (!answer || answer->status != 200) {
        bar.clear();
        return os::complain(command_name, answer ? explain(*answer) : answer.error());
      }
      replay = Json::parse(answer->body);
    }
    bar.clear();
    return print_end(replay);
  } catch (const Json::exception&) {
    bar.clear();
    return os::complain(command_name, not_the_daemon);
  }
}

}  // namespace logdist::tools
