// How those who judge say what they have found.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace logdist::sim {

/// What a checker has found wrong.
struct Finding {
  std::string checker;
  std::string text;
};
using Findings = std::vector<Finding>;

/// The complaints of one checker, and how often it had its case before it.
class Complaints {
 public:
  Complaints(std::string name, Findings& findings) : name_(std::move(name)), findings_(findings) {}

  const std::string& name() const { return name_; }
  /// Counted by those for whom that is rare.
  std::uint64_t checks() const { return checks_; }

 protected:
  ~Complaints() = default;

  template <typename... Values>
  void complain(fmt::format_string<Values...> format, Values&&... values) {
    if (complaints_ == complaints_max) return;
    ++complaints_;
    findings_.push_back({name_, fmt::format(format, std::forward<Values>(values)...)});
  }
  void checked() { ++checks_; }

 private:
  static constexpr int complaints_max = 5;  ///< more of the same help nobody

  const std::string name_;
  Findings& findings_;
  int complaints_ = 0;
  std::uint64_t checks_ = 0;
};

}  // namespace logdist::sim
