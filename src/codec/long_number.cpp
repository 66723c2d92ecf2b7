#include "codec/long_number.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace logdist::codec {
namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);

constexpr std::uint64_t in_each_byte(std::uint64_t byte) { return byte * 0x0101010101010101; }

/// A digit, or one of the two bytes below them: `.` is wanted, `/` does no harm.
bool is_of_number(char byte) { return byte >= '.' && byte <= '9'; }

/// Whether all bytes of the word at `bytes` are of a number, in four operations: the
/// highest bit of a byte is set in one of the terms when the byte is below, above, or
/// not ASCII. A borrow or carry into the next byte comes only from one that is not.
bool is_word_of_number(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, word_size);
  const std::uint64_t below = word - in_each_byte('.');
  const std::uint64_t above = word + in_each_byte(0x7f - '9');
  return ((below | above | word) & in_each_byte(0x80)) == 0;
}

bool has_many_digits(std::string_view run) {
  const std::size_t first = run.find_first_not_of("0.");
  if (first == run.npos || run.size() - first <= fast_digits_max) return false;
  const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
  return static_cast<std::size_t>(
             std::count_if(run.begin() + static_cast<std::ptrdiff_t>(first), run.end(), is_digit)) > fast_digits_max;
}

/// Whether a JSON number may begin at `at`, by what stands before it.
bool may_begin_number(std::string_view text, std::size_t at) {
  if (at > 0 && text[at - 1] == '-') --at;
  return at == 0 || std::string_view("[,: \t\r\n").find(text[at - 1]) != std::string_view::npos;
}

}  // namespace

bool may_have_long_number(std::string_view text) {
  // A run of so many digits, wherever it begins, covers one of these words.
  static_assert(fast_digits_max + 1 >= 2 * word_size - 1);
  for (std::size_t at = 0; at + word_size <= text.size();) {
    if (!is_word_of_number(text.data() + at)) {
      at += word_size;
      continue;
    }
    std::size_t begin = at;
    while (begin > 0 && is_of_number(text[begin - 1])) --begin;
    std::size_t end = at + word_size;
    while (end < text.size() && is_of_number(text[end])) ++end;
    if (has_many_digits(text.substr(begin, end - begin)) && may_begin_number(text, begin)) return true;
    at = (end + word_size - 1) / word_size * word_size;
  }
  return false;
}

}  // namespace logdist::codec
