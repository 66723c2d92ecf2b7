#include "logdist/telemetry/log.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <iterator>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "logdist/base/counted.hpp"
#include "logdist/base/mutex.hpp"
#include "telemetry/line.hpp"
#include "telemetry/line_writer.hpp"
#include "telemetry/log_rate_limiter.hpp"

namespace logdist::log {
namespace {

/// `%&`: the level, called as log.level calls it.
class LevelName final : public spdlog::custom_flag_formatter {
 public:
  explicit LevelName(std::size_t width) : width_(width) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto native = spdlog::level::to_string_view(message.level);
    const bool is_warn = message.level == spdlog::level::warn;
    fmt::format_to(std::back_inserter(out), "{:<{}}",
                   is_warn ? std::string_view("warn") : std::string_view(native.data(), native.size()), width_);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelName>(width_); }

 private:
  const std::size_t width_;
};

spdlog::level::level_enum native(Level level) {
  switch (level) {
    case Level::trace: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::unique_ptr<spdlog::formatter> formatter(config::LogFormat format) {
  if (format == config::LogFormat::text) {
    auto text = std::make_unique<spdlog::pattern_formatter>();
    text->add_flag<LevelName>('&', 5).set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %& %v");
    return text;
  }
  auto json = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  json->add_flag<LevelName>('&', 0).set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%&",%v})");
  return json;
}

/// Where lines go that nobody is to wait for. Called by one logger, which its log guards.
class QueueSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit QueueSink(std::shared_ptr<LineWriter> writer) : writer_(std::move(writer)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_->put({line.data(), line.size()});
  }
  void flush_() override {}

  const std::shared_ptr<LineWriter> writer_;
};

/// The log of the process. Lines that repeat are counted here, and a thread of its
/// own, started with the first of them, tells in time how many there were.
class Log {
 public:
  /// `writer`: of the logger's lines; null when they are written at once.
  Log(const config::LogOptions& options, std::shared_ptr<spdlog::sinks::sink> sink,
      std::shared_ptr<LineWriter> writer = nullptr)
      : format_(options.format),
        level_(options.level),
        writer_(std::move(writer)),
        logger_(std::make_shared<spdlog::logger>("log-distributor", std::move(sink))) {
    logger_->set_formatter(formatter(format_));
    logger_->set_level(spdlog::level::trace);
    logger_->flush_on(spdlog::level::trace);
  }

  bool wants(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }

  void write_always(const Line& line) {
    const MutexLock lock(mutex_);
    write(line);
  }

  void write_unless_repeated(const Line& line) {
    const MutexLock lock(mutex_);
    if (ended_) return;
    if (limiter_.admit(line, Clock::now())) return write(line);
    if (!teller_.joinable()) {
      teller_ = std::jthread([this](const std::stop_token& ending) { tell_repeats(ending); });
      pthread_setname_np(teller_.native_handle(), "log-repeats");
    }
    changed_.notify_one();
  }

  /// Tells what is left to be told. Nothing is written afterwards, by whomever.
  void end() {
    std::jthread teller;  // joined at last, without the lock
    const MutexLock lock(mutex_);
    for (const Line& line : limiter_.take_due(never)) write(line);
    ended_ = true;
    teller = std::move(teller_);
    if (writer_) writer_->end();
  }

  std::uint64_t dropped() const { return writer_ ? writer_->dropped() : 0; }

 private:
  void write(const Line& line) LOGDIST_REQUIRES(mutex_) {
    if (ended_) return;
    if (const std::uint64_t dropped = writer_ ? writer_->take_dropped() : 0; dropped > 0) {
      write_now({Level::warn,
                 "log_lines_dropped",
                 fmt::format("{} dropped before this one: nobody read the log in time",
                             counted(dropped, "line was", "lines were")),
                 {{"lines", dropped}}});
    }
    write_now(line);
  }

  void write_now(const Line& line) LOGDIST_REQUIRES(mutex_) {
    const std::string text = format_ == config::LogFormat::json ? to_json_members(line) : to_text(line);
    logger_->log(native(line.level), spdlog::string_view_t(text.data(), text.size()));
  }

  void tell_repeats(const std::stop_token& ending) {
    MutexLock lock(mutex_);
    while (!ending.stop_requested()) {
      for (const Line& line : limiter_.take_due(Clock::now())) write(line);
      const TimePoint due = limiter_.next_due();
      const auto is_sooner = [this, due]() LOGDIST_REQUIRES(mutex_) { return limiter_.next_due() < due; };
      if (due == never) {
        changed_.wait(lock, ending, is_sooner);
      } else {
        changed_.wait_until(lock, ending, due, is_sooner);
      }
    }
  }

  const config::LogFormat format_;
  std::atomic<Level> level_;
  const std::shared_ptr<LineWriter> writer_;
  const std::shared_ptr<spdlog::logger> logger_;

  Mutex mutex_;
  LogRateLimiter limiter_ LOGDIST_GUARDED_BY(mutex_);
  bool ended_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::condition_variable_any changed_;
  std::jthread teller_ LOGDIST_GUARDED_BY(mutex_);
};

/// Kept to the end of the process: its threads may write until then.
std::unique_ptr<Log>& current() {
  static auto log = std::make_unique<Log>(config::LogOptions{}, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return log;
}

}  // namespace

void set_up(const config::LogOptions& options) {
  auto writer = std::make_shared<LineWriter>(STDERR_FILENO);
  auto sink = std::make_shared<QueueSink>(writer);
  current() = std::make_unique<Log>(options, std::move(sink), std::move(writer));
}

void set_up(const config::LogOptions& options, std::shared_ptr<spdlog::sinks::sink> sink) {
  current() = std::make_unique<Log>(options, std::move(sink));
}

void set_level(Level level) { current()->set_level(level); }

void shut_down() { current()->end(); }

std::uint64_t lines_dropped() { return current()->dropped(); }

bool writes(Level level) { return current()->wants(level); }

void write(Level level, std::string_view event, std::string_view message, const Fields& fields) {
  if (!current()->wants(level)) return;
  current()->write_unless_repeated({level, std::string(event), std::string(message), fields});
}

void debug(std::string_view event, std::string_view message, const Fields& fields) {
  write(Level::debug, event, message, fields);
}

void info(std::string_view event, std::string_view message, const Fields& fields) {
  write(Level::info, event, message, fields);
}

void warn(std::string_view event, std::string_view message, const Fields& fields) {
  write(Level::warn, event, message, fields);
}

void error(std::string_view event, std::string_view message, const Fields& fields) {
  write(Level::error, event, message, fields);
}

void record(Level level, std::string_view event, std::string_view message, const Fields& fields) {
  if (current()->wants(level)) current()->write_always({level, std::string(event), std::string(message), fields});
}

void announce(std::string_view event, std::string_view message, const Fields& fields) {
  current()->write_always({Level::info, std::string(event), std::string(message), fields});
}

}  // namespace logdist::log
