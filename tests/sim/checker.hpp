// Those who judge what happens. Each has a name, and a file under checkers/.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/world.hpp"

namespace logdist::sim {

/// What a checker has found wrong.
struct Finding {
  std::string checker;
  std::string text;
};
using Findings = std::vector<Finding>;

/// Looks on and complains. A checker sees what a user or an analyzer could see
/// and compares it with what was promised, or with what the product says.
class Checker : public Witness {
 public:
  Checker(std::string name, const World& world, Findings& findings)
      : world_(world), trace_(world.trace()), name_(std::move(name)), findings_(findings) {}

  /// After each event.
  virtual void stepped() {}
  /// The daemon would end now.
  virtual void shut_down() {}

  const std::string& name() const { return name_; }
  /// How often it had its case before it; counted by those for whom that is rare.
  std::uint64_t checks() const { return checks_; }

 protected:
  template <typename... Values>
  void complain(fmt::format_string<Values...> format, Values&&... values) {
    if (complaints_ == complaints_max) return;
    ++complaints_;
    findings_.push_back({name_, fmt::format(format, std::forward<Values>(values)...)});
  }

  void checked() { ++checks_; }

  const World& world_;
  const EventTrace& trace_;

 private:
  static constexpr int complaints_max = 5;  ///< more of the same help nobody

  const std::string name_;
  Findings& findings_;
  int complaints_ = 0;
  std::uint64_t checks_ = 0;
};

using Checkers = std::vector<std::unique_ptr<Checker>>;

/// All of them.
Checkers make_checkers(const World& world, Findings& findings);

// One by one, each as described in its file.
std::unique_ptr<Checker> make_conservation(const World& world, Findings& findings);
std::unique_ptr<Checker> make_bounds(const World& world, Findings& findings);
std::unique_ptr<Checker> make_buffers(const World& world, Findings& findings);
std::unique_ptr<Checker> make_service(const World& world, Findings& findings);
std::unique_ptr<Checker> make_settlement(const World& world, Findings& findings);
std::unique_ptr<Checker> make_metrics(const World& world, Findings& findings);
std::unique_ptr<Checker> make_duplicates(const World& world, Findings& findings);
std::unique_ptr<Checker> make_refunds(const World& world, Findings& findings);
std::unique_ptr<Checker> make_idle_slots(const World& world, Findings& findings);
std::unique_ptr<Checker> make_patience(const World& world, Findings& findings);
std::unique_ptr<Checker> make_health(const World& world, Findings& findings);
std::unique_ptr<Checker> make_debt(const World& world, Findings& findings);
std::unique_ptr<Checker> make_catch_ups(const World& world, Findings& findings);
std::unique_ptr<Checker> make_rounds(const World& world, Findings& findings);
std::unique_ptr<Checker> make_blame(const World& world, Findings& findings);
std::unique_ptr<Checker> make_formats(const World& world, Findings& findings);
std::unique_ptr<Checker> make_shutdown(const World& world, Findings& findings);

}  // namespace logdist::sim
