// Gives the memory of a drained queue back to the system.
#pragma once

#include <cstddef>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "logdist/base/time.hpp"

namespace logdist::os {

/// Resident memory, and what of it the heap has lent out; bytes.
struct HeapUse {
  std::size_t resident = 0;
  std::size_t lent = 0;

  std::size_t spare() const { return resident > lent ? resident - lent : 0; }
};

/// Of this process, now. All zero where the system does not provide it.
HeapUse read_heap_use();

/// Decides when a trim is worth its cost: when much is unused at two checks in a row,
/// and much of it is new since the last trim. So a load that comes and goes between two
/// checks keeps its pages, and what no trim can free is not tried again.
class TrimDecision {
 public:
  /// The program itself and the heap's small change are below that.
  static constexpr std::size_t much = std::size_t{32} << 20;

  bool look(const HeapUse& use);
  void trimmed(const HeapUse& use);

 private:
  std::size_t last_ = 0;  ///< spare at the last look
  std::size_t left_ = 0;  ///< spare after the last trim, or less since
};

/// Checks every few seconds, and trims with malloc_trim(3): by itself the heap gives back
/// only what lies at its end. A trim costs the control thread some milliseconds, once
/// after the queue was full; a loop that needs new memory at that moment waits for it.
/// Belongs to the thread that runs `control`.
class HeapTrim {
 public:
  static constexpr Duration interval = std::chrono::seconds(2);

  explicit HeapTrim(boost::asio::io_context& control) : timer_(control) {}

  void start();

 private:
  boost::asio::steady_timer timer_;
  TrimDecision decision_;
};

}  // namespace logdist::os
