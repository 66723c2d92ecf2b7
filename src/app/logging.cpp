#include "logdist/app/logging.hpp"

#include <pthread.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <memory>
#include <string_view>

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace logdist::app {
namespace {

constexpr std::size_t queued_lines = 8192;

/// `%*`: the message as a JSON string, which spdlog's own patterns can't write.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const nlohmann::json text = std::string(message.payload.data(), message.payload.size());
    const std::string escaped = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(escaped.data(), escaped.data() + escaped.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

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

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace: return spdlog::level::trace;
    case config::LogLevel::debug: return spdlog::level::debug;
    case config::LogLevel::info: return spdlog::level::info;
    case config::LogLevel::warn: return spdlog::level::warn;
    case config::LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// Kept to the end of the process, so that the writing thread is never the last to
/// let go of them.
struct Loggers {
  std::shared_ptr<spdlog::logger> lines;          ///< as configured
  std::shared_ptr<spdlog::logger> announcements;  ///< the same, whatever log.level is
};

Loggers& loggers() {
  static Loggers instance;
  return instance;
}

}  // namespace

void set_up_logging(const config::LogOptions& options) {
  // A reader of stderr that has stopped reading must not stop the loops: lines
  // are written by a thread of their own, and the oldest give way.
  spdlog::init_thread_pool(queued_lines, 1, [] { pthread_setname_np(pthread_self(), "log"); });
  const auto logger =
      std::make_shared<spdlog::async_logger>("log-distributor", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  if (options.format == config::LogFormat::json) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<LevelName>('&', 0).add_flag<JsonMessage>('*');
    formatter->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%&","message":%*})");
    logger->set_formatter(std::move(formatter));
  } else {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<LevelName>('&', 5).set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %& %v");
    logger->set_formatter(std::move(formatter));
  }
  logger->set_level(level_of(options.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  loggers().lines = logger;
  loggers().announcements = logger->clone("log-distributor");
  loggers().announcements->set_level(spdlog::level::info);
}

void shut_down_logging() { spdlog::shutdown(); }

void log_always(const std::string& message) { loggers().announcements->info("{}", message); }

}  // namespace logdist::app
