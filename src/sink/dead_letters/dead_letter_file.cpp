#include "logdist/sink/dead_letters/dead_letter_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/base/writable_folder.hpp"
#include "logdist/os/disk_error.hpp"
#include "logdist/telemetry/in_words.hpp"
#include "logdist/telemetry/log.hpp"
#include "sink/dead_letters/letter_writer.hpp"

namespace logdist::sink {
namespace {

/// A packet left at the end waits so long for a sign of progress on the disk.
constexpr Duration progress_wait = std::chrono::seconds(10);

/// What the file has a place of its own for.
constexpr std::array<std::string_view, 4> named_headers{"Content-Type", "Content-Encoding", "Packet-Format",
                                                        "Packet-Target"};

/// The lines that went along with the packet, each in its place.
void take_headers(KeptLetter& kept, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    const std::array<std::string*, named_headers.size()> places{&kept.content_type, &kept.content_encoding,
                                                                &kept.format, &kept.target};
    const auto* const named = std::find(named_headers.begin(), named_headers.end(), name);
    if (named != named_headers.end()) {
      *places[static_cast<std::size_t>(named - named_headers.begin())] = value;
    } else {
      kept.headers.emplace_back(name, value);
    }
  }
}

/// Of the steady clock, as people's clocks have it.
KeptLetter::Time wall_time(TimePoint at) {
  const auto ago = std::chrono::duration_cast<KeptLetter::Time::duration>(Clock::now() - at);
  return std::chrono::system_clock::now() - ago;
}

/// What would be made where nothing is yet: what links that lead nowhere lead to.
std::filesystem::path target_of(std::filesystem::path path) {
  constexpr int links_max = 40;  // as the kernel follows
  std::error_code error;
  for (int links = 0; links < links_max && std::filesystem::is_symlink(path, error); ++links) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path;
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
    return file.is_open() ? "" : os::disk_error_text(errno);
  }
  if (errno != ENOENT) return os::disk_error_text(errno);
  const std::filesystem::path parent = target_of(path).parent_path();
  const int error = why_no_files_in(parent.empty() ? "." : parent.string(), W_OK | X_OK);
  return error == 0 ? "" : os::disk_error_text(error);
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
              fmt::format("dead letter: packet {} of {}, {}: no analyzer took it and delivery.dead_letter is not set",
                          packet.id, counted(packet.messages, "message"), to_string(letter.reason)),
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
  take_headers(kept, packet.forwarded_headers);
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

void DeadLetterFile::reopen(std::function<void()> reopened) {
  if (writer_) writer_->reopen(std::move(reopened));
}

void DeadLetterFile::flush(std::function<void()> done) {
  if (writer_) return writer_->flush(std::move(done));
  done();
}

std::size_t DeadLetterFile::waiting() const { return writer_ ? writer_->waiting() : 0; }
std::uint64_t DeadLetterFile::progress() const { return writer_ ? writer_->progress() : 0; }
std::uint64_t DeadLetterFile::write_failures() const { return writer_ ? writer_->failures() : 0; }

}  // namespace logdist::sink
