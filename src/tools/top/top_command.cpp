#include "logdist/tools/top/top_command.hpp"

#include <unistd.h>

#include <csignal>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/tools/control/admin_url.hpp"
#include "tools/top/terminal.hpp"
#include "tools/top/top_keys.hpp"
#include "tools/top/top_status.hpp"
#include "tools/top/top_view.hpp"

namespace logdist::tools {
namespace {

namespace asio = boost::asio;
using Look = boost::system::result<TopStatus, NoStatus>;

Look look(const AdminPort& port, const config::Environment& environment) {
  const auto answer = ask_admin(port, environment, "/v1/status");
  if (!answer) return NoStatus{answer.error()};
  if (answer->status != 200) return NoStatus{refusal(*answer)};
  return parse_top_status(answer->body);
}

/// With fewer rows the keys are not told.
constexpr std::size_t rows_for_keys = 8;

std::string clock_text() { return fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr))); }

/// Asks on a thread of its own, so that keys are heard meanwhile.
class Asker {
 public:
  Asker(asio::io_context& screen, std::function<Look()> ask, std::function<void(Look)> done)
      : screen_(screen), ask_(std::move(ask)), done_(std::move(done)), thread_([this] { io_.run(); }) {}
  ~Asker() {
    io_.stop();
    thread_.join();  // at most an answer's time limit
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void ask() {
    asio::post(io_, [this] { asio::post(screen_, [this, got = ask_()]() mutable { done_(std::move(got)); }); });
  }

 private:
  asio::io_context& screen_;
  const std::function<Look()> ask_;
  const std::function<void(Look)> done_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::thread thread_;
};

/// One run, on the thread of its io_context but for the asking.
class Top {
 public:
  Top(const TopCommandOptions& options, const config::Environment& environment, std::string where)
      : options_(options),
        asker_(
            io_, [this, &environment] { return look(options_.port, environment); },
            [this](Look got) { looked(std::move(got)); }) {
    snapshot_.where = std::move(where);
    snapshot_.clock = clock_text();
  }

  int run() {
    if (output_is_terminal()) {
      terminal_.emplace();
      hear_keys();
      hear_resizing();
      draw();
    }
    hear_the_end();
    begin_look();
    io_.run();
    terminal_.reset();  // before a last question that may take its time
    return options_.count && !snapshot_.away.empty() ? 1 : 0;
  }

 private:
  void begin_look() {
    next_at_ = Clock::now() + options_.interval;
    asker_.ask();
  }

  void looked(Look got) {
    snapshot_.clock = clock_text();
    if (got) {
      take(std::move(*got));
    } else if (snapshot_.away.empty()) {
      away_since_ = snapshot_.clock;
    }
    if (!got) snapshot_.away = fmt::format("not reachable since {}: {}", away_since_, got.error().why);
    // Rates are between two looks: the first of a few only begins the second's.
    const bool begins = options_.count && looks_ == 0 && snapshot_.away.empty() && !std::exchange(has_begun_, true);
    if (terminal_) {
      draw();
    } else if (!begins) {
      print();
    }
    if (options_.count && !begins && ++looks_ >= *options_.count) return io_.stop();
    timer_.expires_at(next_at_);
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) begin_look();
    });
  }

  void take(TopStatus status) {
    const bool same_life = snapshot_.now && snapshot_.now->uptime_seconds < status.uptime_seconds;
    snapshot_.before = same_life ? std::move(snapshot_.now) : std::nullopt;
    snapshot_.now = std::move(status);
    snapshot_.away.clear();
  }

  /// The keys have the last line, where there is room for them.
  void draw() {
    const TerminalSize size = terminal_->size();
    const std::size_t rows = size.rows < rows_for_keys ? size.rows : size.rows - 1;
    snapshot_.order = choice_.order;
    snapshot_.first = choice_.first;
    std::vector<Line> lines = choice_.is_helping ? top_help() : top_screen(snapshot_, size.columns, rows);
    for (Line& line : lines) line = clip(line, size.columns);
    if (lines.size() > rows) lines.resize(rows);
    if (rows < size.rows) {
      lines.resize(rows);
      lines.push_back(clip(top_key_line(choice_), size.columns));
    }
    std::string picture;
    for (const Line& line : lines) {
      if (!picture.empty()) picture += '\n';
      picture += paint(line, colour_);
    }
    terminal_->show(picture);
  }

  void print() {
    for (const std::string& line : journal_.lines_of(snapshot_, Clock::now())) fmt::print("{}\n", line);
    if (std::fflush(stdout) != 0) io_.stop();  // nobody reads it any more
  }

  void hear_the_end() {
    end_.async_wait([this](boost::system::error_code error, int) {
      if (!error) io_.stop();
    });
  }

  void hear_resizing() {
    resizing_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      draw();
      hear_resizing();
    });
  }

  void hear_keys() {
    if (!keys_.is_open()) {
      const int copy = ::isatty(STDIN_FILENO) == 1 ? ::dup(STDIN_FILENO) : -1;
      boost::system::error_code error;
      if (copy >= 0) keys_.assign(copy, error);
      if (copy < 0 || error) return;
    }
    // Only waited for: to read would make the terminal, which others share, non-blocking.
    keys_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
      char key = 0;
      if (error || ::read(STDIN_FILENO, &key, 1) != 1) return;
      if (press(reader_.take(key))) hear_keys();
    });
  }

  /// False: the end.
  bool press(TopKey key) {
    if (key == TopKey::quit) {
      io_.stop();
      return false;
    }
    if (key == TopKey::none) return true;
    const std::size_t analyzers = snapshot_.now ? analyzers_at_work(*snapshot_.now).size() : 0;
    choice_.take(key, analyzers, terminal_->size().rows / 2);
    draw();
    return true;
  }

  const TopCommandOptions options_;
  const bool colour_ = output_takes_colour();
  Snapshot snapshot_;
  EventLog journal_;
  TopKeyReader reader_;
  TopChoice choice_;
  std::string away_since_;
  std::uint64_t looks_ = 0;  ///< that count
  bool has_begun_ = false;
  TimePoint next_at_{};
  asio::io_context io_{1};
  asio::steady_timer timer_{io_};
  asio::signal_set end_{io_, SIGINT, SIGTERM, SIGHUP};
  asio::signal_set resizing_{io_, SIGWINCH};
  asio::posix::stream_descriptor keys_{io_};
  std::optional<Terminal> terminal_;
  Asker asker_;
};

}  // namespace

int run_top(const TopCommandOptions& options, const config::Environment& environment) {
  const auto url = admin_url(options.port.url, environment, "");
  if (!url) {
    fmt::print(stderr, "log-distributor top: {}\n", url.error().text);
    return 1;
  }
  TopCommandOptions prepared = options;
  const auto tls = admin_tls(options.port, environment);
  if (!tls) {
    fmt::print(stderr, "log-distributor top: {}\n", tls.error());
    return 1;
  }
  prepared.port.client = *tls;  // its files are read once, its sessions go on
  return Top(prepared, environment, to_string(*url)).run();
}

}  // namespace logdist::tools
