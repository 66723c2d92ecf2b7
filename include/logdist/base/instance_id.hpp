// An id that distinguishes this process from every other one.
#pragma once

#include <string>
#include <string_view>

#include "logdist/base/random.hpp"

namespace logdist {

/// Drawn once at the start, by the composition root, which passes it on to what speaks
/// for the process. Never changes, so any thread may read it.
class InstanceId {
 public:
  explicit InstanceId(Random& random);

  /// 16 lower-case hexadecimal digits.
  std::string_view text() const { return std::string_view(via_name_).substr(prefix.size()); }

  /// The daemon's name in `Via` (RFC 9110, 7.6.3: the pseudonym in received-by):
  /// "log-distributor-" and text(). A request whose Via already has it has passed
  /// through this daemon before. It is a token.
  std::string_view via_name() const { return via_name_; }

 private:
  static constexpr std::string_view prefix = "log-distributor-";

  std::string via_name_;
};

}  // namespace logdist
