// A program of ours as a child process: started, listened to, ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "logdist/os/file_descriptor.hpp"

namespace logdist::test {

struct ProcessOptions {
  std::string program;  ///< path
  std::vector<std::string> arguments{};
  /// On top of this process' own environment, less its LOGDIST_… variables.
  std::map<std::string, std::string> environment{};
  std::string input_path = "/dev/null";  ///< becomes stdin
  /// A command that becomes the program, given behind it: {"prlimit", "--nofile=64"}.
  std::vector<std::string> wrapper{};
  int handed_over = -1;  ///< a descriptor of ours that becomes the child's number 3; below 0: none
};

/// One child. Both its outputs are read by a thread as they come. Killed, if it
/// still runs, with its owner. Its functions belong to one thread.
class Process {
 public:
  static constexpr std::chrono::seconds patience{30};  ///< for everything awaited

  /// Starts it. Throws std::system_error when it cannot be.
  explicit Process(const ProcessOptions& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// The binary under test.
  static ProcessOptions log_distributor(std::vector<std::string> arguments,
                                        std::map<std::string, std::string> environment = {});

  /// Waits for a whole line, of stdout or stderr, in which `pattern` is found;
  /// the match and its groups. Lines seen already count; none when the process
  /// ends or the time runs out first.
  std::optional<std::vector<std::string>> wait_for_line(const std::string& pattern,
                                                        std::chrono::milliseconds timeout = patience);

  /// Sends a signal, unless it has ended.
  void signal(int number);
  void terminate() { signal(SIGTERM); }

  /// The exit code, or 128 + the signal that ended it; none at the timeout.
  std::optional<int> wait_exit(std::chrono::milliseconds timeout = patience);

  std::string output() const;  ///< stdout so far
  std::string errors() const;  ///< stderr so far

 private:
  void watch();
  void take(std::string& text, os::FileDescriptor& end);

  pid_t pid_ = -1;
  os::FileDescriptor output_end_;  ///< the watcher's, as the next
  os::FileDescriptor errors_end_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::string output_;
  std::string errors_;
  std::optional<int> exit_code_;  ///< once reaped

  std::thread watcher_;
};

}  // namespace logdist::test
