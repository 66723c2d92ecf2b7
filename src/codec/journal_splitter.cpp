#include "logdist/codec/journal_splitter.hpp"

#include <algorithm>
#include <utility>

namespace logdist::codec {
namespace {

constexpr std::uint8_t journal_length_bytes = 8;

/// Of the name of a field: what is visible. journald itself writes only capitals, digits and `_`.
bool is_of_name(char byte) { return byte > ' ' && byte <= '~' && byte != '='; }

}  // namespace

JournalSplitter::Step JournalSplitter::step(std::string_view piece) {
  Step step;
  while (step.taken < piece.size() && !step.entry_ends && !error_) {
    const std::size_t read = advance(piece.substr(step.taken));
    step.taken += read;
    position_ += read;
    entry_bytes_ += read;
    if (entry_bytes_ > entry_bytes_max_ && !error_) fail_as_too_large();
    if (error_ || state_ != State::line_begin || has_field_) continue;
    entry_bytes_ = 0;
    step.entry_ends = std::exchange(entry_ends_, false);
  }
  return step;
}

/// Reads some bytes of `rest`, which is not empty: how many.
std::size_t JournalSplitter::advance(std::string_view rest) {
  switch (state_) {
    case State::line_begin:
    case State::name:
    case State::text: return advance_line(rest);
    case State::length: return advance_length(rest);
    case State::data: {
      const auto read = static_cast<std::size_t>(std::min<std::uint64_t>(data_left_, rest.size()));
      data_left_ -= read;
      if (data_left_ == 0) state_ = State::data_end;
      return read;
    }
    case State::data_end:
      if (rest.front() != '\n') return fail("a field does not end where its length says");
      state_ = State::line_begin;
      return 1;
  }
  return fail("no state");
}

std::size_t JournalSplitter::advance_line(std::string_view rest) {
  if (state_ == State::text) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) return rest.size();
    state_ = State::line_begin;
    return end + 1;
  }
  if (state_ == State::line_begin && rest.front() == '\n') {
    entry_ends_ = std::exchange(has_field_, false);  // or it is one more between entries
    return 1;
  }
  if (state_ == State::line_begin && !is_of_name(rest.front())) return fail("a field has no name");
  has_field_ = true;
  state_ = State::name;
  const auto* const end = std::find_if_not(rest.begin(), rest.end(), is_of_name);
  const auto length = static_cast<std::size_t>(end - rest.begin());
  if (length == rest.size()) return length;
  if (rest[length] == '=') {
    state_ = State::text;
  } else if (rest[length] == '\n') {
    state_ = State::length;
    data_left_ = 0;
    length_bytes_ = 0;
  } else {
    return fail("the name of a field has a byte that it must not have", length);
  }
  return length + 1;
}

std::size_t JournalSplitter::advance_length(std::string_view rest) {
  data_left_ |= std::uint64_t{static_cast<unsigned char>(rest.front())} << (8 * length_bytes_);
  if (++length_bytes_ < journal_length_bytes) return 1;
  // What cannot fit is refused before it has come.
  if (data_left_ > entry_bytes_max_) return fail_as_too_large();
  state_ = data_left_ > 0 ? State::data : State::data_end;
  return 1;
}

JournalSplitter::End JournalSplitter::finish() {
  if (!error_ && state_ != State::line_begin) fail("the stream ends within a field");
  if (error_) return End::within_entry;
  return has_field_ ? End::with_entry : End::between_entries;
}

std::size_t JournalSplitter::fail_as_too_large() {
  error_ = JournalError{"an entry is larger than allowed", position_, true};
  return 0;
}

/// `ahead`: bytes from the last that was read to the one that is wrong.
std::size_t JournalSplitter::fail(std::string_view detail, std::size_t ahead) {
  if (entry_bytes_ + ahead > entry_bytes_max_) return fail_as_too_large();
  error_ = JournalError{detail, position_ + ahead};
  return 0;
}

}  // namespace logdist::codec
