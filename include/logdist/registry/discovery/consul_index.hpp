// The index of Consul's blocking queries.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace logdist::registry {

/// What the next query waits for a change from; 0: it does not wait. An index that goes backwards, or is none, makes it
/// begin from 0 again (Consul's documentation, "Blocking Queries"). A plain value.
class ConsulIndex {
 public:
  std::uint64_t value() const { return value_; }
  void reset() { value_ = 0; }

  void answered(std::string_view header) {
    std::uint64_t index = 0;
    const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), index);
    const bool is_index = error == std::errc() && end == header.data() + header.size();
    value_ = is_index && index >= value_ ? index : 0;
  }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace logdist::registry
