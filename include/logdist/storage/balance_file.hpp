// The file of balance.state_file: what the analyzers are owed, kept for the next start.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include "logdist/queue/disk/files/file_system.hpp"
#include "logdist/queue/log/balance_figures.hpp"

namespace logdist::storage {

/// Holds the file against other daemons (by `<path>.lock`, which names the holder's pid), reads it, and replaces it as
/// a whole: written beside it, synced, renamed. So a reader finds one state or the next. It is written by a thread of
/// its own. Thread-safe.
class BalanceFile {
 public:
  /// Told on its thread: the first failure, and then the first success: no error.
  using Notice = std::function<void(std::error_code)>;

  /// Null with `fault`, a clause that says why it is not kept: the directory is not there or not writable, what has the
  /// name is no regular file, or another process has it. `files` outlives it.
  static std::unique_ptr<BalanceFile> open(const std::string& path, queue::FileSystem& files, Notice notice,
                                           std::string& fault);
  /// Waits until the last state is written, or has failed.
  ~BalanceFile();
  BalanceFile(const BalanceFile&) = delete;
  BalanceFile& operator=(const BalanceFile&) = delete;

  const std::string& path() const;
  /// False: there is none yet. An error of the disk is `damaged`.
  bool read(queue::DecodedBalanceState& state) const;
  /// Replaces the file soon. One that is not begun yet is passed over for a newer one.
  void write(const queue::BalanceFigures& figures);
  /// Waits as the destructor does.
  void flush();

 private:
  class Impl;
  explicit BalanceFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace logdist::storage
