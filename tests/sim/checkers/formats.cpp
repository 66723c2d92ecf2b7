// formats: a packet keeps its format, to the analyzer and into a dead letter, and conservation holds for each of them:
// what agents of a format were told that it is taken, analyzers that take it have, or it is kept as a dead letter. And
// where nothing fails and slots are free, no analyzer is further from its share of what its set of takers gets than one
// packet.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include "tests/sim/checker.hpp"

namespace logdist::sim {
namespace {

class Formats final : public Checker {
 public:
  using Checker::Checker;

  void sent(const PacketHistory& history, const core::Attempt& attempt) override {
    const core::Protocol format = attempt.packet->protocol;
    if (format != history.format) {
      complain("packet {} of format {} is sent as {}", history.serial, to_string(history.format), to_string(format));
    }
    sent_as_[history.serial] = format;
    if (world_.scenario().calm && world_.scenario().mixed && !disturbed_) share(history, attempt.analyzer);
  }

  void taken(const PacketHistory& history) override {
    if (history.taken == 0) taken_[index_of(sent_as_[history.serial])].add(history.messages);
  }

  void result_seen(const PacketHistory&, const core::AttemptResult& result) override {
    if (result.outcome != Outcome::delivered) disturbed_ = true;
  }

  void dead_lettered(const PacketHistory& history, DeadLetterReason) override {
    // Some analyzer may have taken it, and nobody heard of that.
    if (history.taken == 0) kept_[index_of(history.format)].add(history.messages);
  }

  void shut_down() override {
    Counts told{};
    Counts given_back{};
    for (const PacketHistory& history : trace_.histories()) {
      told[index_of(history.format)].add(history.messages);
      const bool is_back = history.where == Location::handed_back && history.taken == 0;
      if (is_back) given_back[index_of(history.format)].add(history.messages);
      const bool is_kept = history.where == Location::dead_lettered;
      if (is_kept && history.kept_as != history.format) {
        complain("packet {} of format {} is a dead letter of {}", history.serial, to_string(history.format),
                 to_string(history.kept_as));
      }
    }
    for (std::size_t i = 0; i < core::protocol_count; ++i) {
      if (told[i].packets > 0) checked();
      ledger::Amount settled = taken_[i];
      settled += kept_[i];
      settled += given_back[i];
      if (settled == told[i]) continue;
      complain(
          "{}: agents have sent {} packets, {} messages; analyzers took {} and {}, {} and {} are dead letters "
          "only, {} and {} were handed back",
          to_string(static_cast<core::Protocol>(i)), told[i].packets, told[i].messages, taken_[i].packets,
          taken_[i].messages, kept_[i].packets, kept_[i].messages, given_back[i].packets, given_back[i].messages);
    }
  }

 private:
  using Counts = std::array<ledger::Amount, core::protocol_count>;

  /// What analyzers get of the formats that the same ones take.
  struct Set {
    std::uint64_t messages = 0;
    std::uint32_t largest = 0;
    std::map<AnalyzerId, std::uint64_t> charged;
  };

  static std::size_t index_of(core::Protocol format) { return static_cast<std::size_t>(format); }

  std::vector<bool> takers_of(core::Protocol format) const {
    std::vector<bool> takers;
    const std::size_t analyzers = world_.views_after_event().size();
    for (AnalyzerId id = 0; id < analyzers; ++id) takers.push_back(world_.takes(id, format));
    return takers;
  }

  void share(const PacketHistory& history, AnalyzerId analyzer) {
    const std::vector<bool> takers = takers_of(history.format);
    Set& set = sets_[takers];
    set.messages += history.messages;
    set.largest = std::max(set.largest, history.messages);
    set.charged[analyzer] += history.messages;
    double weight = 0;
    for (AnalyzerId id = 0; id < takers.size(); ++id) {
      if (takers[id]) weight += static_cast<double>(world_.weight_units(id));
    }
    for (AnalyzerId id = 0; id < takers.size(); ++id) {
      if (!takers[id]) continue;
      const double target = static_cast<double>(set.messages) * static_cast<double>(world_.weight_units(id)) / weight;
      const double off = target - static_cast<double>(set.charged[id]);
      if (std::abs(off) <= set.largest + 1e-6) continue;
      complain(
          "analyzer {} is {} messages off its share of {} and what else its takers take, and no packet had more "
          "than {}",
          id, off, to_string(history.format), set.largest);
    }
  }

  std::map<std::uint64_t, core::Protocol> sent_as_;  ///< by serial
  Counts taken_{};                                   ///< by an analyzer, once
  Counts kept_{};                                    ///< as a dead letter, and taken by none
  std::map<std::vector<bool>, Set> sets_;            ///< by who takes it
  bool disturbed_ = false;                           ///< something has failed
};

}  // namespace

std::unique_ptr<Checker> make_formats(const World& world, Findings& findings) {
  return std::make_unique<Formats>("formats", world, findings);
}

}  // namespace logdist::sim
