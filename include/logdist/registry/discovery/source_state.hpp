// What is known of one source of analyzers: its last good answer, and whether it can be reached.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "logdist/base/backoff.hpp"
#include "logdist/base/random.hpp"
#include "logdist/base/time.hpp"
#include "logdist/registry/discovery/answer.hpp"

namespace logdist::registry {

/// One line for people.
struct SourceNote {
  enum class Type : std::uint8_t { failed, recovered, skipped, empty };
  Type type;
  std::string text;
};

/// What is skipped, for people: once, as long as it stays so, and of many only the first. Not thread-safe.
class SkippedNews {
 public:
  static constexpr std::size_t lines_max = 10;

  /// A line each of what was not among the skipped before.
  std::vector<std::string> lines(const std::vector<Skipped>& skipped);

 private:
  std::set<Skipped> told_;
};

/// Decides what an answer, or its absence, changes. Its rules:
///  - an answer's good analyzers are the set from then on; a failure changes nothing;
///  - an answer without analyzers is obeyed the third time in a row, or at once with `allow_empty`; one in which all
///    are wrong is a failure;
///  - a failure is told at its beginning and at its end; what is skipped is told once, as long as it stays so.
///
/// Sans-I/O; not thread-safe.
class SourceState {
 public:
  static constexpr std::uint32_t empty_answers_needed = 3;
  /// From an empty answer to the look that confirms it, at most.
  static constexpr Duration confirm_after = std::chrono::seconds(1);
  static constexpr Backoff retry{std::chrono::milliseconds(500), std::chrono::seconds(30), 2.0, 0.2};

  /// What follows from an answer or a failure.
  struct Reaction {
    bool changed = false;          ///< the analyzers are others than before
    std::optional<Duration> wait;  ///< before it is asked again; none: as the source has it
    std::vector<SourceNote> notes;
  };

  SourceState(std::string name, bool allow_empty, std::uint64_t seed)
      : name_(std::move(name)), allow_empty_(allow_empty), random_(seed) {}

  Reaction answered(Answer answer);
  Reaction failed(const std::string& why);

  /// The set that an earlier process knew; nothing is known of the source itself.
  void restore(std::vector<config::AnalyzerOptions> analyzers) { analyzers_ = std::move(analyzers); }

  const std::vector<config::AnalyzerOptions>& analyzers() const { return analyzers_; }
  /// Whether the next look must not wait for a change: the last answer is in doubt, or there was none.
  bool needs_answer() const { return failures_ > 0 || empty_answers_ > 0 || !has_answered_; }
  bool reachable() const { return failures_ == 0 && has_answered_; }
  const std::string& fault() const { return fault_; }  ///< of the last failure; empty when it is over
  std::size_t skipped() const { return skipped_; }

 private:
  const std::string name_;
  const bool allow_empty_;
  Random random_;
  std::vector<config::AnalyzerOptions> analyzers_;
  SkippedNews skipped_news_;
  std::size_t skipped_ = 0;
  std::uint32_t failures_ = 0;  ///< in a row
  std::uint32_t empty_answers_ = 0;
  bool has_answered_ = false;
  std::string fault_;
};

/// Whether both are the same analyzer, in all that a reload compares.
bool is_same(const config::AnalyzerOptions& one, const config::AnalyzerOptions& other);

}  // namespace logdist::registry
