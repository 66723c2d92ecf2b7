// delivery.dead_letter: packets that no analyzer will take, as JSON lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/system/result.hpp>

#include "logdist/base/ids.hpp"
#include "logdist/base/mutex.hpp"
#include "logdist/base/time.hpp"
#include "logdist/sink/dead_letters.hpp"

namespace logdist::sink {

class LetterWriter;
struct KeptLetter;

/// Keeps one line for each packet: time, packet_id, reason, messages, attempts, admitted_at,
/// content_type, what became of the last attempt at each analyzer, and the body as a
/// string, so that `jq -r .body` gives the bytes again. Lines are written by a thread of
/// its own, from a bounded queue: no loop waits for the disk. Without a file, and when the
/// file cannot be written, each packet is logged at error with its id. Thread-safe.
class DeadLetterFile final : public sink::DeadLetters {
 public:
  /// Opens `path` for appending, or none when it is empty; never blocks. `attempt_limit`
  /// is delivery.timeout, for what is said of an attempt without an answer. The error is
  /// the system's.
  static boost::system::result<std::unique_ptr<DeadLetterFile>> open(const std::string& path,
                                                                     Duration attempt_limit = {});
  ~DeadLetterFile();

  /// Why open() would fail, as far as can be seen without creating the file; empty when
  /// it would not.
  static std::string why_not(const std::string& path);

  /// The analyzer of that id has this name and host, from now on.
  void name(AnalyzerId analyzer, std::string name, std::string host);

  /// Packets left at the end (`shutdown`) wait for room in the queue while the disk makes
  /// progress; others find room at once, or are logged and counted.
  void put(const sink::DeadLetter& letter) override;

  /// Opens the file again by its name, once what waits is written: for logrotate, which has
  /// renamed it. Then calls `reopened`, on a thread of our own. Where that fails it is logged, and the old one goes on
  /// being written.
  void reopen(std::function<void()> reopened = {});

  /// Calls `done`, from within or on a thread of our own, once all that was put is on the
  /// disk.
  void flush(std::function<void()> done);

  /// Packets that wait to be written.
  std::size_t waiting() const;
  /// Grows while the disk makes progress.
  std::uint64_t progress() const;
  /// Packets whose line could not be written, or not as a whole.
  std::uint64_t write_failures() const;

 private:
  struct Analyzer {
    std::string name;
    std::string host;
  };

  DeadLetterFile(std::unique_ptr<LetterWriter> writer, Duration attempt_limit);

  KeptLetter copy_of(const sink::DeadLetter& letter);

  const std::unique_ptr<LetterWriter> writer_;  ///< none: only the log
  const Duration attempt_limit_;

  Mutex mutex_;
  std::vector<Analyzer> analyzers_ LOGDIST_GUARDED_BY(mutex_);  ///< by AnalyzerId
};

}  // namespace logdist::sink
