// The analyzers that are and were, by AnalyzerId.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "logdist/base/ids.hpp"
#include "logdist/base/time.hpp"
#include "logdist/config/options.hpp"
#include "logdist/dispatch/load_balancer.hpp"
#include "logdist/net/tls/client_tls.hpp"
#include "logdist/registry/prober.hpp"
#include "logdist/sink/http/connection_budget.hpp"
#include "logdist/sink/http/pool_upstream.hpp"

namespace logdist::registry {

/// One analyzer. Removed ones stay known: their counters still count.
struct RegistryEntry {
  /// An entering one is known to the loops, and not yet to the load balancer.
  enum class Lifecycle { entering, present, removed };

  config::AnalyzerOptions configured;  ///< as the configuration has it
  config::Weight weight;               ///< in force: another one may have been set since
  std::shared_ptr<sink::ConnectionBudget> limits;
  std::shared_ptr<net::ClientTls> tls;  ///< of an https url, else none
  Lifecycle lifecycle = Lifecycle::entering;
  bool drained = false;
  TimePoint removed_at = never;
  /// Removed so long ago that its counts are shown with those of all others like it, for good: also when an
  /// analyzer of its name comes again, or a counter would go backwards. Of `configured` nothing is left.
  /// Of an entering one: its id was such a one's, whose counts are still under it.
  bool folded = false;
};

/// What was counted of folded analyzers whose ids are others' now.
struct FoldedCounts {
  std::uint64_t analyzers = 0;
  std::uint64_t failures = 0;
  std::uint64_t catch_ups = 0;
};

/// The analyzers that are and were, by AnalyzerId. A folded one's place and id go to the next that enters, so that
/// analyzers may come and go for years; at most one analyzer of a name is present. Confined to the control thread,
/// except for what the loops read at their construction.
class AnalyzerRegistry {
 public:
  /// With those of `options`, present from the start.
  AnalyzerRegistry(const config::Options& options, std::size_t loops);

  /// Another one, entering; `max_connections` are all that there may be to it. It gets the place of a folded one,
  /// if there is one.
  AnalyzerId enter(const config::AnalyzerOptions& analyzer, std::uint32_t max_connections);
  /// The entering one is present from now on. `view` is the load balancer's of who had its id before.
  void admit(AnalyzerId id, const dispatch::AnalyzerView* view);
  const FoldedCounts& folded() const { return folded_; }

  std::size_t size() const { return entries_.size(); }
  RegistryEntry& operator[](AnalyzerId id) { return entries_[id]; }
  const RegistryEntry& operator[](AnalyzerId id) const { return entries_[id]; }

  /// It is not configured any more.
  void remove(AnalyzerId id, TimePoint now);
  /// How long a removed one is still shown by its name, and how many of them at most.
  static constexpr Duration shown_for = std::chrono::hours(1);
  static constexpr std::size_t shown_max = 100;
  /// Folds those that are to be shown no longer. `views` are the load balancer's: while packets are under way
  /// to one it stays as it is.
  void fold_removed(const std::vector<dispatch::AnalyzerView>& views, TimePoint now);

  /// The one present of that name.
  std::optional<AnalyzerId> find(std::string_view name) const;
  std::vector<AnalyzerId> present() const;
  /// Those present, as configured.
  std::vector<config::AnalyzerOptions> configured() const;
  /// Those present, as configured but for the weights, which are those in force.
  std::vector<config::AnalyzerOptions> in_force() const;

  /// As the load balancer and the loops get it. `delivery` has the values that an analyzer
  /// does not set itself.
  dispatch::AnalyzerSpec spec(AnalyzerId id, const config::DeliveryOptions& delivery) const;
  std::vector<dispatch::AnalyzerSpec> specs(const config::DeliveryOptions& delivery) const;
  sink::AnalyzerTarget target(AnalyzerId id) const;
  Target probe_target(AnalyzerId id) const;

 private:
  const std::uint32_t loops_;
  std::deque<RegistryEntry> entries_;  ///< by AnalyzerId
  FoldedCounts folded_;
};

}  // namespace logdist::registry
