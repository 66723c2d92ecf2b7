// Those who judge what happens. Each has a name, and a file under checkers/.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/complaints.hpp"
#include "tests/sim/world.hpp"

namespace logdist::sim {

/// Looks on and complains. A checker sees what a user or an analyzer could see
/// and compares it with what was promised, or with what the product says.
class Checker : public Witness, public Complaints {
 public:
  Checker(std::string name, const World& world, Findings& findings)
      : Complaints(std::move(name), findings), world_(world), trace_(world.trace()) {}

  /// After each event.
  virtual void stepped() {}
  /// The daemon would end now.
  virtual void shut_down() {}

 protected:
  const World& world_;
  const EventTrace& trace_;
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
std::unique_ptr<Checker> make_clients(const World& world, Findings& findings);
std::unique_ptr<Checker> make_retries(const World& world, Findings& findings);
std::unique_ptr<Checker> make_outliers(const World& world, Findings& findings);
std::unique_ptr<Checker> make_shutdown(const World& world, Findings& findings);

}  // namespace logdist::sim
