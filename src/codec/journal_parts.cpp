#include "logdist/codec/journal_parts.hpp"

#include <utility>

namespace logdist::codec {

bool JournalParts::read(std::string_view buffer) {
  if (part_.bytes >= part_bytes_max_ || next_.entries > 0) return true;
  while (read_bytes_ < buffer.size() && !error()) {
    const JournalSplitter::Step step = splitter_.step(buffer.substr(read_bytes_));
    read_bytes_ += step.taken;
    if (step.entry_ends && end_entry()) return true;
  }
  if (!in_entry() && part_.entries > 0) part_.bytes = read_bytes_;  // empty lines behind it
  return part_.entries > 0 && read_bytes_ >= part_bytes_max_;
}

/// True when the part is full.
bool JournalParts::end_entry() {
  ++entries_;
  if (part_.entries > 0 && read_bytes_ > part_bytes_max_) {
    next_ = {read_bytes_ - part_.bytes, 1};
    return true;
  }
  part_ = {read_bytes_, part_.entries + 1};
  return part_.bytes >= part_bytes_max_;
}

bool JournalParts::finish() {
  if (std::exchange(finished_, true)) return !error();
  const JournalSplitter::End end = splitter_.finish();
  if (end == JournalSplitter::End::with_entry) end_entry();
  return end != JournalSplitter::End::within_entry;
}

void JournalParts::take() {
  read_bytes_ -= part_.bytes;
  part_ = std::exchange(next_, {});
}

std::size_t JournalParts::take_blank() {
  if (in_entry() || part_.entries > 0) return 0;
  return std::exchange(read_bytes_, 0);
}

}  // namespace logdist::codec
