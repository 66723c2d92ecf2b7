#include "logdist/registry/discovery/source_state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/config/analyzer_list.hpp"

namespace logdist::registry {

bool is_same(const config::AnalyzerOptions& one, const config::AnalyzerOptions& other) {
  return one.name == other.name && one.url == other.url && one.weight.units == other.weight.units &&
         one.max_in_flight == other.max_in_flight && one.headers == other.headers && one.forward == other.forward &&
         one.formats == other.formats && one.decompress == other.decompress && one.tls == other.tls &&
         one.zone == other.zone;
}

std::vector<std::string> SkippedNews::lines(const std::vector<Skipped>& skipped) {
  std::set<Skipped> all(skipped.begin(), skipped.end());
  std::vector<std::string> lines;
  std::size_t unknown = 0;
  for (const Skipped& one : all) {
    if (told_.contains(one) || ++unknown > lines_max) continue;
    lines.push_back(fmt::format("{} is skipped: {}", one.what, one.why));
  }
  if (unknown > lines_max) lines.push_back(fmt::format("{} more are skipped", unknown - lines_max));
  told_ = std::move(all);
  return lines;
}

SourceState::Reaction SourceState::answered(Answer answer) {
  if (answer.analyzers.empty() && answer.skipped_count > 0) {
    Reaction reaction =
        failed(fmt::format("none of its {} is usable; the first, {}, {}", counted(answer.skipped_count, "instance"),
                           answer.skipped[0].what, answer.skipped[0].why));
    skipped_ = answer.skipped_count;
    return reaction;
  }
  Reaction reaction;
  if (std::exchange(failures_, 0) > 0) {
    reaction.notes.push_back({SourceNote::Type::recovered, "answers again"});
  }
  fault_.clear();
  has_answered_ = true;
  for (std::string& line : skipped_news_.lines(answer.skipped)) {
    reaction.notes.push_back({SourceNote::Type::skipped, std::move(line)});
  }
  skipped_ = answer.skipped_count;
  if (!answer.analyzers.empty()) {
    empty_answers_ = 0;
  } else if (!analyzers_.empty() && !allow_empty_ && ++empty_answers_ < empty_answers_needed) {
    if (empty_answers_ == 1) {
      reaction.notes.push_back(
          {SourceNote::Type::empty, fmt::format("gives no analyzers; {} as long as it is not so three times in a row",
                                                counted(analyzers_.size(), "analyzer stays", "analyzers stay"))});
    }
    reaction.wait = confirm_after;
    return reaction;
  } else {
    empty_answers_ = 0;
  }
  reaction.changed = !std::ranges::equal(answer.analyzers, analyzers_, is_same);
  analyzers_ = std::move(answer.analyzers);
  return reaction;
}

SourceState::Reaction SourceState::failed(const std::string& why) {
  Reaction reaction;
  if (failures_ == 0) {
    reaction.notes.push_back(
        {SourceNote::Type::failed,
         fmt::format("{}; {}", why,
                     analyzers_.empty() ? "it has given no analyzer so far"
                                        : counted(analyzers_.size(), "analyzer stays", "analyzers stay"))});
  }
  fault_ = why;
  empty_answers_ = 0;
  reaction.wait = retry.wait(failures_, random_);
  ++failures_;
  return reaction;
}

}  // namespace logdist::registry
