#include "logdist/storage/balance_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/mutex.hpp"
#include "logdist/base/writable_folder.hpp"
#include "logdist/os/file_descriptor.hpp"
#include "logdist/os/pid_lock.hpp"

namespace logdist::storage {
namespace {

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// The lock, which ends with the descriptor; none with `fault`.
os::FileDescriptor lock_file(const std::string& path, std::string& fault) {
  const std::string name = path + ".lock";
  std::string holder;
  std::error_code error;
  os::FileDescriptor file = os::lock_with_pid(name, holder, error);
  if (error == std::errc::operation_would_block) {
    fault = fmt::format("another process has it (pid {})", holder);
  } else if (error == std::errc::no_such_file_or_directory) {
    fault = fmt::format("there is no {}", folder_of(path));
  } else if (error) {
    const bool is_folders = why_no_files_in(folder_of(path), W_OK | X_OK) != 0;
    fault = fmt::format("{}: {}", is_folders ? folder_of(path) : name, error.message());
  }
  return file;
}

}  // namespace

class BalanceFile::Impl {
 public:
  Impl(std::string path, queue::FileSystem& files, Notice notice, os::FileDescriptor lock)
      : path_(std::move(path)), files_(files), notice_(std::move(notice)), lock_(std::move(lock)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Impl() {
    {
      const MutexLock lock(mutex_);
      stopped_ = true;
    }
    news_.notify_all();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const std::string& path() const { return path_; }

  bool read(queue::DecodedBalanceState& state) const {
    std::error_code error;
    const std::unique_ptr<queue::File> file = files_.open(path_, queue::FileSystem::Open::read, error);
    if (error == std::errc::no_such_file_or_directory) return false;
    state.fault = queue::BalanceStateFault::damaged;
    if (file == nullptr) return true;
    std::string bytes;
    for (std::size_t got = 1; got > 0 && bytes.size() <= queue::balance_state_bytes_max;) {
      const std::size_t have = bytes.size();
      bytes.resize(have + read_bytes);
      if (file->read(have, std::span(bytes).subspan(have), got)) return true;
      bytes.resize(have + got);
    }
    state = queue::decode_balance_state(bytes);
    return true;
  }

  void write(const queue::BalanceFigures& figures) {
    {
      const MutexLock lock(mutex_);
      wanted_ = queue::encode_balance_state(figures);
    }
    news_.notify_all();
  }

  void flush() {
    MutexLock lock(mutex_);
    while (wanted_ || is_writing_) news_.wait(lock);
  }

 private:
  static constexpr std::size_t read_bytes = 64 * 1024;

  void run() {
    for (;;) {
      std::string bytes;
      {
        MutexLock lock(mutex_);
        while (!wanted_ && !stopped_) news_.wait(lock);
        if (!wanted_) return;
        bytes = *std::exchange(wanted_, std::nullopt);
        is_writing_ = true;
      }
      tell(replace(bytes));
      {
        const MutexLock lock(mutex_);
        is_writing_ = false;
      }
      news_.notify_all();
    }
  }

  std::error_code replace(std::string& bytes) {
    const std::string beside = path_ + ".new";
    // Of an earlier process, or of a try that has failed.
    static_cast<void>(files_.remove(beside));
    std::error_code error;
    const std::unique_ptr<queue::File> file = files_.open(beside, queue::FileSystem::Open::create_new, error);
    if (file == nullptr) return error;
    std::array<iovec, 1> pieces{iovec{bytes.data(), bytes.size()}};
    if ((error = file->write(0, pieces))) return error;
    if ((error = file->sync())) return error;
    if ((error = files_.rename(beside, path_))) return error;
    return files_.sync_directory(folder_of(path_));
  }

  void tell(std::error_code error) {
    if (static_cast<bool>(error) != std::exchange(has_failed_, static_cast<bool>(error))) notice_(error);
  }

  const std::string path_;
  queue::FileSystem& files_;
  const Notice notice_;
  const os::FileDescriptor lock_;
  bool has_failed_ = false;  ///< the thread's own

  Mutex mutex_;
  std::condition_variable_any news_;
  std::optional<std::string> wanted_ LOGDIST_GUARDED_BY(mutex_);
  bool is_writing_ LOGDIST_GUARDED_BY(mutex_) = false;
  bool stopped_ LOGDIST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

std::unique_ptr<BalanceFile> BalanceFile::open(const std::string& path, queue::FileSystem& files, Notice notice,
                                               std::string& fault) {
  // It would be replaced, whatever it is: root's /dev/null, for everybody.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fault = fmt::format("{} is not a regular file", path);
    return nullptr;
  }
  os::FileDescriptor lock = lock_file(path, fault);
  if (!lock.is_open()) return nullptr;
  return std::unique_ptr<BalanceFile>(
      new BalanceFile(std::make_unique<Impl>(path, files, std::move(notice), std::move(lock))));
}

BalanceFile::BalanceFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BalanceFile::~BalanceFile() = default;

const std::string& BalanceFile::path() const { return impl_->path(); }
bool BalanceFile::read(queue::DecodedBalanceState& state) const { return impl_->read(state); }
void BalanceFile::write(const queue::BalanceFigures& figures) { impl_->write(figures); }
void BalanceFile::flush() { impl_->flush(); }

}  // namespace logdist::storage
