// What tells this process from every other one.
#pragma once

#include <string>
#include <string_view>

#include "logdist/base/random.hpp"

namespace logdist {

/// Drawn once at start, by the composition root, and handed to whoever speaks for the
/// process. Never changes, so that any thread may read it.
class InstanceId {
 public:
  explicit InstanceId(Random& random);

  /// 16 lower-case hexadecimal digits.
  std::string_view text() const { return std::string_view(via_name_).substr(prefix.size()); }

  /// What we call ourselves in `Via` (RFC 9110, 7.6.3: the pseudonym in received-by):
  /// "log-distributor-" and text(). A request whose Via has it already has come back
  /// to us. Every byte of it is a token's.
  std::string_view via_name() const { return via_name_; }

 private:
  static constexpr std::string_view prefix = "log-distributor-";

  std::string via_name_;
};

}  // namespace logdist
