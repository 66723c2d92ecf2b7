// What an analyzer has taken, in a file that outlives the analyzer's process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/os/file_descriptor.hpp"

namespace logdist::e2e {

/// One packet that an analyzer has read whole.
struct Entry {
  std::string id;               ///< its Idempotency-Key
  std::uint32_t messages = 0;   ///< as Packet-Messages said
  std::size_t bytes = 0;        ///< of the body
  std::uint32_t crc32 = 0;      ///< of the body
  bool taken = true;            ///< answered with a whole 2xx, or about to be
  TimePoint at = Clock::now();  ///< of one clock for all processes
  std::string format{};         ///< its Packet-Format
};

std::uint32_t crc32_of(std::string_view body);

/// Appends entries, each by one write: what was written before a SIGKILL stays.
/// Belongs to one thread.
class Journal {
 public:
  /// Throws std::system_error when the file cannot be opened for writing.
  explicit Journal(const std::string& path);

  void add(const Entry& entry);

 private:
  os::FileDescriptor file_;
};

/// All entries in the file at `path`, in the order they came; none without a file.
std::vector<Entry> read_journal(const std::string& path);

}  // namespace logdist::e2e
