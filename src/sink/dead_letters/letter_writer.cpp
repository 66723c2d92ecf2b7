#include "sink/dead_letters/letter_writer.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/os/disk_error.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::sink {
namespace {

/// A disk that has taken nothing for so long is not waited for at the end.
constexpr Duration stuck_after = std::chrono::seconds(1);

std::string letter_text(const KeptLetter& letter) {
  return fmt::format("dead letter: packet {} of {}, {}", letter.packet_id, counted(letter.messages, "message"),
                     to_string(letter.reason));
}

log::Fields letter_fields(const KeptLetter& letter) {
  return {{"packet_id", letter.packet_id}, {"messages", letter.messages}, {"reason", to_string(letter.reason)}};
}

}  // namespace

os::FileDescriptor open_letters(const std::string& path) {
  // O_NONBLOCK for the opening alone: a named pipe would be waited for until somebody reads it.
  os::FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return file;
  const int flags = ::fcntl(file.number(), F_GETFL);
  if (flags < 0 || ::fcntl(file.number(), F_SETFL, flags & ~O_NONBLOCK) < 0) return {};
  return file;
}

/// The queue, and what the thread does with it.
class LetterWriter::Worker {
 public:
  Worker(std::string path, os::FileDescriptor file, std::size_t bytes_max)
      : path_(std::move(path)), bytes_max_(bytes_max), file_(std::move(file)) {}

  bool put(KeptLetter letter, Duration wait);
  void reopen(std::function<void()> reopened) { add(Reopen{std::move(reopened)}); }
  void flush(std::function<void()> done) { add(std::move(done)); }

  std::size_t waiting() const {
    const MutexLock lock(mutex_);
    return letters_;
  }
  std::uint64_t progress() const {
    const MutexLock lock(mutex_);
    return done_;
  }
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

  /// The thread: writes until end().
  void run();
  /// Returns when all is written: 0; or how many letters are given up on a stuck disk.
  std::size_t end();

 private:
  struct Reopen {
    std::function<void()> reopened;
  };
  using Item = std::variant<KeptLetter, Reopen, std::function<void()>>;

  void add(Item item);
  void carry_out(Item& item);
  void keep(const KeptLetter& letter);
  int write(std::string_view text);
  bool open_again();
  void sync();

  const std::string path_;
  const std::size_t bytes_max_;
  std::atomic<std::uint64_t> failures_{0};

  // The thread's own.
  os::FileDescriptor file_;
  bool torn_ = false;  ///< the file ends within a line

  bool has_room(std::size_t bytes) const LOGDIST_REQUIRES(mutex_) {
    return letters_ == 0 || bytes_ + bytes <= bytes_max_;
  }

  mutable Mutex mutex_;
  std::deque<Item> items_ LOGDIST_GUARDED_BY(mutex_);
  std::size_t letters_ LOGDIST_GUARDED_BY(mutex_) = 0;  ///< of the items, the one being written included
  std::size_t bytes_ LOGDIST_GUARDED_BY(mutex_) = 0;    ///< of those letters
  std::uint64_t done_ LOGDIST_GUARDED_BY(mutex_) = 0;   ///< items carried out
  bool ending_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool ended_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::condition_variable_any work_;  ///< there is an item, or the end
  std::condition_variable_any room_;  ///< an item is done, or all is
};

bool LetterWriter::Worker::put(KeptLetter letter, Duration wait) {
  const std::size_t bytes = letter.bytes();
  MutexLock lock(mutex_);
  while (wait > Duration::zero() && !has_room(bytes)) {
    const std::uint64_t seen = done_;
    const TimePoint until = Clock::now() + wait;
    while (done_ == seen && room_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    if (done_ == seen) break;
  }
  if (has_room(bytes)) {
    bytes_ += bytes;
    ++letters_;
    items_.emplace_back(std::move(letter));
    work_.notify_one();
    return true;
  }
  lock.unlock();
  failures_.fetch_add(1, std::memory_order_relaxed);
  log::record(
      log::Level::error, "dead_letter",
      letter_text(letter) + ": no analyzer took it, and the dead letters before it are not written yet: dropped",
      letter_fields(letter));
  return false;
}

void LetterWriter::Worker::add(Item item) {
  const MutexLock lock(mutex_);
  items_.push_back(std::move(item));
  work_.notify_one();
}

void LetterWriter::Worker::run() {
  MutexLock lock(mutex_);
  for (;;) {
    while (!ending_ && items_.empty()) work_.wait(lock);
    if (items_.empty()) break;
    Item item = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    carry_out(item);
    lock.lock();
    if (const KeptLetter* const letter = std::get_if<KeptLetter>(&item)) {
      --letters_;
      bytes_ -= letter->bytes();
    }
    ++done_;
    room_.notify_all();
  }
  ended_ = true;
  room_.notify_all();
}

std::size_t LetterWriter::Worker::end() {
  MutexLock lock(mutex_);
  ending_ = true;
  work_.notify_one();
  while (!ended_) {
    const std::uint64_t seen = done_;
    const TimePoint until = Clock::now() + stuck_after;
    while (!ended_ && done_ == seen && room_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    if (!ended_ && done_ == seen) return letters_;
  }
  return 0;
}

void LetterWriter::Worker::carry_out(Item& item) {
  if (const KeptLetter* const letter = std::get_if<KeptLetter>(&item)) {
    keep(*letter);
  } else if (const Reopen* const reopen = std::get_if<Reopen>(&item)) {
    if (open_again() && reopen->reopened) reopen->reopened();
  } else {
    sync();
    std::get<std::function<void()>>(item)();
  }
}

void LetterWriter::Worker::keep(const KeptLetter& letter) {
  const int error = write(line_of(letter) + "\n");
  if (error == 0) return log::warn("dead_letter", letter_text(letter), letter_fields(letter));  // the file has them all
  const std::uint64_t failures = failures_.fetch_add(1, std::memory_order_relaxed) + 1;
  log::record(log::Level::error, "dead_letter",
              letter_text(letter) + ": no analyzer took it and it could not be written", letter_fields(letter));
  const std::string why = os::disk_error_text(error);
  log::error("dead_letter_not_written",
             fmt::format("delivery.dead_letter: cannot write to {}: {} ({} not kept so far)", path_, why,
                         counted(failures, "packet")),
             {{"path", path_}, {"cause", why}, {"packets_not_kept", failures}});
}

/// 0, or the system's error.
int LetterWriter::Worker::write(std::string_view text) {
  // What an earlier failure left of a line is ended, so that this one can be read.
  if (torn_) {
    if (::write(file_.number(), "\n", 1) != 1) return errno;
    torn_ = false;
  }
  const std::size_t size = text.size();
  while (!text.empty()) {
    const ssize_t written = ::write(file_.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      torn_ = text.size() < size;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// False: it could not be, and this is told.
bool LetterWriter::Worker::open_again() {
  os::FileDescriptor file = open_letters(path_);
  if (!file.is_open()) {
    const std::string why = os::disk_error_text(errno);
    log::error(
        "dead_letter_not_reopened",
        fmt::format("delivery.dead_letter: cannot append to {}: {}; the file opened before goes on being written",
                    path_, why),
        {{"path", path_}, {"cause", why}});
    return false;
  }
  sync();
  file_ = std::move(file);
  torn_ = false;
  return true;
}

void LetterWriter::Worker::sync() {
  if (::fdatasync(file_.number()) == 0 || errno == EINVAL || errno == EROFS) return;  // no file of a disk
  const std::string why = os::disk_error_text(errno);
  log::error("dead_letter_not_written", fmt::format("delivery.dead_letter: {} may not be on the disk: {}", path_, why),
             {{"path", path_}, {"cause", why}, {"packets_not_kept", failures()}});
}

LetterWriter::LetterWriter(std::string path, os::FileDescriptor file, std::size_t bytes_max)
    : worker_(std::make_shared<Worker>(std::move(path), std::move(file), bytes_max)),
      thread_([worker = worker_] { worker->run(); }) {
  pthread_setname_np(thread_.native_handle(), "dead-letters");
}

LetterWriter::~LetterWriter() {
  const std::size_t given_up = worker_->end();
  if (given_up == 0) {
    thread_.join();
    return;
  }
  thread_.detach();  // it waits for the disk, and may wait for ever
  log::error("dead_letter_not_written",
             fmt::format("delivery.dead_letter: the disk takes nothing: {} not kept",
                         counted(given_up, "packet is", "packets are")),
             {{"packets_not_kept", given_up}});
}

bool LetterWriter::put(KeptLetter letter, Duration wait) { return worker_->put(std::move(letter), wait); }
void LetterWriter::reopen(std::function<void()> reopened) { worker_->reopen(std::move(reopened)); }
void LetterWriter::flush(std::function<void()> done) { worker_->flush(std::move(done)); }
std::size_t LetterWriter::waiting() const { return worker_->waiting(); }
std::uint64_t LetterWriter::progress() const { return worker_->progress(); }
std::uint64_t LetterWriter::failures() const { return worker_->failures(); }

}  // namespace logdist::sink
