#include "telemetry/line_writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <string_view>
#include <thread>
#include <utility>

#include "logdist/base/mutex.hpp"

namespace logdist::log {

class LineWriter::Queue {
 public:
  explicit Queue(int descriptor) : descriptor_(descriptor) {}

  void put(std::string line) {
    const MutexLock lock(mutex_);
    if (ending_) return;
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    while (lines_.size() > lines_max || (bytes_ > bytes_max && lines_.size() > 1)) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
      ++dropped_;
    }
    changed_.notify_all();
  }

  /// The thread: writes until the end, or for ever.
  void run() {
    MutexLock lock(mutex_);
    for (;;) {
      while (lines_.empty() && !ending_) changed_.wait(lock);
      if (lines_.empty() || given_up_) break;
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      bytes_ -= line.size();
      lock.unlock();
      const bool is_written = write(line);
      lock.lock();
      if (!is_written) ++dropped_;
    }
    ended_ = true;
    changed_.notify_all();
  }

  /// False: the reader is stuck.
  bool end() {
    MutexLock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
    const TimePoint limit = Clock::now() + end_max;
    while (!ended_ && !given_up_) {
      const std::uint64_t seen = written_bytes_;
      const TimePoint until = std::min(Clock::now() + stuck_after, limit);
      while (!ended_ && written_bytes_ == seen && changed_.wait_until(lock, until) == std::cv_status::no_timeout) {
      }
      // Where there is space it is the thread that has no core.
      const bool is_stuck = written_bytes_ == seen && !has_space();
      given_up_ = !ended_ && (is_stuck || Clock::now() >= limit);
    }
    return ended_;
  }

  std::uint64_t dropped() const {
    const MutexLock lock(mutex_);
    return dropped_;
  }

  std::uint64_t take_dropped() {
    const MutexLock lock(mutex_);
    if (lines_.size() > lines_max / 2 || bytes_ > bytes_max / 2) return 0;
    return dropped_ - std::exchange(told_, dropped_);
  }

 private:
  bool has_space() const {
    pollfd wanted{descriptor_, POLLOUT, 0};
    return ::poll(&wanted, 1, 0) == 1;
  }

  /// False: it is lost, its reader has gone.
  bool write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written > 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
        const MutexLock lock(mutex_);
        written_bytes_ += static_cast<std::uint64_t>(written);
        changed_.notify_all();
      } else if (written < 0 && errno == EAGAIN) {  // somebody else has made it so
        pollfd wanted{descriptor_, POLLOUT, 0};
        static_cast<void>(::poll(&wanted, 1, -1));
      } else if (written == 0 || errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  const int descriptor_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> lines_ LOGDIST_GUARDED_BY(mutex_);
  std::size_t bytes_ LOGDIST_GUARDED_BY(mutex_) = 0;  ///< of the lines
  std::uint64_t written_bytes_ LOGDIST_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ LOGDIST_GUARDED_BY(mutex_) = 0;
  std::uint64_t told_ LOGDIST_GUARDED_BY(mutex_) = 0;  ///< of the dropped ones
  bool ending_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool given_up_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool ended_ LOGDIST_GUARDED_BY(mutex_) = false;
};

LineWriter::LineWriter(int descriptor)
    : queue_(std::make_shared<Queue>(descriptor)), thread_([queue = queue_] { queue->run(); }) {
  pthread_setname_np(thread_.native_handle(), "log");
}

LineWriter::~LineWriter() { end(); }

void LineWriter::put(std::string line) { queue_->put(std::move(line)); }
void LineWriter::end() {
  if (!thread_.joinable()) return;
  if (queue_->end()) {
    thread_.join();
  } else {
    thread_.detach();  // it waits for its reader, and may wait for ever
  }
}

std::uint64_t LineWriter::dropped() const { return queue_->dropped(); }
std::uint64_t LineWriter::take_dropped() { return queue_->take_dropped(); }

}  // namespace logdist::log
