// Counts as people read them.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace logdist {

/// "1 packet", "2 packets"; `many` for a noun, or a noun and its verb, whose plural is not `one` and an `s`:
/// counted(2, "packet is", "packets are").
template <std::integral Count>
std::string counted(Count count, std::string_view one, std::string_view many = {}) {
  std::string text = std::to_string(count) + ' ';
  if (count == Count{1}) return text.append(one);
  return many.empty() ? text.append(one) + 's' : text.append(many);
}

}  // namespace logdist
