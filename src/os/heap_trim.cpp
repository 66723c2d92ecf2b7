#include "logdist/os/heap_trim.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace logdist::os {

HeapUse read_heap_use() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all_pages = 0;
  std::size_t resident_pages = 0;
  if (!(statm >> all_pages >> resident_pages)) return {};
  const struct mallinfo2 heap = mallinfo2();
  return {.resident = resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)),
          .lent = heap.uordblks + heap.hblkhd};
}

bool TrimDecision::look(const HeapUse& use) {
  const std::size_t spare = use.spare();
  const std::size_t steady = std::min(spare, last_);
  last_ = spare;
  left_ = std::min(left_, spare);
  return steady > left_ + much;
}

void TrimDecision::trimmed(const HeapUse& use) { last_ = left_ = use.spare(); }

void HeapTrim::start() {
  timer_.expires_after(interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (decision_.look(read_heap_use())) {
      malloc_trim(0);
      decision_.trimmed(read_heap_use());
    }
    start();
  });
}

}  // namespace logdist::os
