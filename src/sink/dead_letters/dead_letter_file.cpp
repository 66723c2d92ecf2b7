#include "logdist/sink/dead_letters/dead_letter_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "logdist/telemetry/in_words.hpp"
#include "logdist/telemetry/log.hpp"
#include "sink/dead_letters/letter_writer.hpp"

namespace logdist::sink {
namespace {

/// A packet left at the end waits so long for a sign of progress on the disk.
constexpr Duration progress_wait = std::chrono::seconds(10);

std::string open_error_text(int error) { return std::generic_category().message(error); }

/// The value of the first forwarded header, which is Content-Type.
std::string_view content_type(const core::Packet& packet) {
  const std::string_view headers = packet.forwarded_headers;
  const std::size_t colon = headers.find(": ");
  const std::size_t end = headers.find("\r\n");
  if (colon == std::string_view::npos || end == std::string_view::npos || end < colon) return {};
  return headers.substr(colon + 2, end - colon - 2);
}

/// Of the steady clock, as people's clocks have it.
KeptLetter::Time wall_time(TimePoint at) {
  const auto ago = std::chrono::duration_cast<KeptLetter::Time::duration>(Clock::now() - at);
  return std::chrono::system_clock::now() - ago;
}

}  // namespace

boost::system::result<std::unique_ptr<DeadLetterFile>> DeadLetterFile::open(const std::string& path,
                                                                            Duration attempt_limit) {
  std::unique_ptr<LetterWriter> writer;
  if (!path.empty()) {
    os::FileDescriptor file = open_letters(path);
    if (!file.is_open()) return boost::system::error_code(errno, boost::system::system_category());
    writer = std::make_unique<LetterWriter>(path, std::move(file));
  }
  return std::unique_ptr<DeadLetterFile>(new DeadLetterFile(std::move(writer), attempt_limit));
}

DeadLetterFile::DeadLetterFile(std::unique_ptr<LetterWriter> writer, Duration attempt_limit)
    : writer_(std::move(writer)), attempt_limit_(attempt_limit) {}

DeadLetterFile::~DeadLetterFile() = default;

std::string DeadLetterFile::why_not(const std::string& path) {
  if (path.empty()) return "";
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    const os::FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK));
    return file.is_open() ? "" : open_error_text(errno);
  }
  if (errno != ENOENT) return open_error_text(errno);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (::stat(folder.c_str(), &status) != 0) return open_error_text(errno);
  if (!S_ISDIR(status.st_mode)) return open_error_text(ENOTDIR);
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? "" : open_error_text(errno);
}

void DeadLetterFile::name(AnalyzerId analyzer, std::string name, std::string host) {
  const MutexLock lock(mutex_);
  if (analyzers_.size() <= analyzer) analyzers_.resize(analyzer + 1);
  analyzers_[analyzer] = {std::move(name), std::move(host)};
}

void DeadLetterFile::put(const sink::DeadLetter& letter) {
  if (writer_) {
    writer_->put(copy_of(letter), letter.reason == DeadLetterReason::shutdown ? progress_wait : Duration::zero());
    return;
  }
  const core::Packet& packet = letter.packet;
  log::record(log::Level::error, "dead_letter",
              fmt::format("dead letter: packet {} of {} messages, {}: no analyzer took it and delivery.dead_letter is "
                          "not set",
                          packet.id, packet.messages, to_string(letter.reason)),
              {{"packet_id", packet.id}, {"messages", packet.messages}, {"reason", to_string(letter.reason)}});
}

KeptLetter DeadLetterFile::copy_of(const sink::DeadLetter& letter) {
  const core::Packet& packet = letter.packet;
  KeptLetter kept;
  kept.packet_id = packet.id;
  kept.reason = letter.reason;
  kept.messages = packet.messages;
  kept.attempts = letter.attempts;
  kept.admitted_at = wall_time(letter.admitted_at);
  kept.dead_lettered_at = std::chrono::system_clock::now();
  kept.content_type = content_type(packet);
  if (packet.coding != core::ContentCoding::identity) kept.content_encoding = to_string(packet.coding);
  kept.body = packet.body.view();
  const MutexLock lock(mutex_);
  for (const retry::FailedAttempt& failed : letter.history.failed()) {
    const Analyzer analyzer = failed.analyzer < analyzers_.size() ? analyzers_[failed.analyzer] : Analyzer();
    std::string cause = failed.status > 0 ? fmt::format("answered {}", failed.status)
                                          : telemetry::in_words({failed.outcome, failed.status, failed.error},
                                                                analyzer.host, attempt_limit_);
    kept.analyzers.push_back({analyzer.name, failed.outcome, failed.status, std::move(cause), wall_time(failed.at)});
  }
  return kept;
}

void DeadLetterFile::reopen() {
  if (writer_) writer_->reopen();
}

void DeadLetterFile::flush(std::function<void()> done) {
  if (writer_) return writer_->flush(std::move(done));
  done();
}

std::size_t DeadLetterFile::waiting() const { return writer_ ? writer_->waiting() : 0; }
std::uint64_t DeadLetterFile::progress() const { return writer_ ? writer_->progress() : 0; }
std::uint64_t DeadLetterFile::write_failures() const { return writer_ ? writer_->failures() : 0; }

}  // namespace logdist::sink
