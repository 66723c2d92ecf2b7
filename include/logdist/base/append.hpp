// Texts put together out of many short pieces, as heads are.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace logdist {

/// A number's decimal digits; a view of them lasts as long as this.
class DecimalText {
 public:
  explicit DecimalText(std::unsigned_integral auto number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - digits_.data());
  }

  std::size_t size() const { return size_; }
  operator std::string_view() const { return {digits_.data(), size_}; }

 private:
  std::array<char, 20> digits_;
  std::size_t size_ = 0;
};

/// Appends all `pieces`, each a std::string_view or what becomes one, and none of them a part of `out`. A dozen calls
/// of append() take four times as long.
template <typename... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const std::size_t begin = out.size();
  out.resize(begin + (std::string_view(pieces).size() + ...));
  char* at = out.data() + begin;
  const auto copy = [&at](std::string_view piece) { at = std::copy(piece.begin(), piece.end(), at); };
  (copy(pieces), ...);
}

}  // namespace logdist
