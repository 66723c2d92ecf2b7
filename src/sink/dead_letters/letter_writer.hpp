// Writes dead letters to their file, on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"
#include "logdist/sink/dead_letters/kept_letter.hpp"

namespace logdist::sink {

/// A bounded queue of letters in memory, and the thread that appends them to the file
/// in their order. Each is logged when it is written; one that cannot be written is
/// logged at error with its id and counted. Thread-safe; no function but put() with a
/// `wait` waits for the disk.
class LetterWriter {
 public:
  /// Of letters that wait in memory; a larger letter goes in when no other waits.
  static constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;

  LetterWriter(std::string path, os::FileDescriptor file, std::size_t bytes_max = waiting_bytes_max);
  /// Writes what waits. A disk that makes no progress is left to itself: the letters
  /// that wait are lost then, and logged as a number.
  ~LetterWriter();
  LetterWriter(const LetterWriter&) = delete;
  LetterWriter& operator=(const LetterWriter&) = delete;

  /// Takes the letter over to be written. Without room it waits up to `wait` for the
  /// next sign of progress on the disk, then drops the letter, which is logged and
  /// counted. False when it was dropped.
  bool put(KeptLetter letter, Duration wait = Duration::zero());

  /// The file is opened again by its name once what waits has been written, and then calls `reopened` on the writer's
  /// thread. Where that fails it is logged, and the old one goes on being written.
  void reopen(std::function<void()> reopened = {});

  /// Calls `done` on the writer's thread once all that waits now is on the disk.
  void flush(std::function<void()> done);

  /// Letters that wait to be written, the one being written included.
  std::size_t waiting() const;
  /// Letters written, or found impossible to write, since the start: grows while the
  /// disk makes progress.
  std::uint64_t progress() const;
  /// Letters dropped, or not written as a whole.
  std::uint64_t failures() const;

 private:
  class Worker;
  const std::shared_ptr<Worker> worker_;  ///< shared with its thread, which may outlive us on a stuck disk
  std::thread thread_;
};

/// Opens `path` for appending and creates it, readable by its owner alone. Never
/// blocks: a named pipe that nobody reads is an error. Closed, and errno says why, when
/// it cannot be had.
os::FileDescriptor open_letters(const std::string& path);

}  // namespace logdist::sink
