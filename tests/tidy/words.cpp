#include "tests/tidy/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "tests/tidy/floors.hpp"

namespace logdist::tidy {
namespace {

struct OldWord {
  std::string_view word;
  std::string_view instead;
  std::string_view room{};  ///< none: everywhere
};

constexpr std::array words{
    OldWord{"anew", "again"},
    OldWord{"Agenda", "EdfQueue"},
    OldWord{"Books", "CreditAccounts"},
    OldWord{"ByteBudget", "MemoryLimiter"},
    OldWord{"Scheduler", "LoadBalancer"},
    OldWord{"Wakes", "WakeupListener"},
    OldWord{"Complaint", "Error"},
    OldWord{"DepthPolicy", "PipelineDepth"},
    OldWord{"SharedLimits", "ConnectionBudget"},
    OldWord{"AnswerFault", "AnswerError"},
    OldWord{"Judgement", "Result"},
    OldWord{"LoopContext", "SessionEnvironment"},
    OldWord{"SessionLoop", "SessionShared"},
    OldWord{"Roster", "AnalyzerRegistry"},
    OldWord{"ServiceManager", "SystemdNotifier"},
    OldWord{"AgentVerdict", "RetryDecision"},
    OldWord{"ReadAhead", "PrefetchQueue"},
    OldWord{"TopSight", "Snapshot"},
    OldWord{"TopJournal", "EventLog"},
    OldWord{"ValueJudge", "StrictValidator"},
    OldWord{"told_until", "last_poll_time"},
    OldWord{"set_between", "set_mid_round_hook"},
    OldWord{"passthrough_headers", "forwarded_headers"},
    OldWord{"rehouse", "reallocate"},
    OldWord{"caught_up", "on_drained"},
    OldWord{"unasked", "unsolicited"},
    OldWord{"scrape_gathering", "metrics_collector"},
    OldWord{"top_words", "top_format"},
    OldWord{"grace_over", "shutdown_timeout"},
    OldWord{"ended_at_once", "forced_exit"},
    OldWord{"few_open_files", "fd_limit_low"},
    OldWord{"nobody_in_service", "no_healthy_analyzer"},
    OldWord{"Moment", "VirtualTime", "balance"},
    OldWord{"Schedule", "TournamentTree", "balance"},
    OldWord{"Seat", "Entry", "balance"},
    OldWord{"Bounds", "QueueLimits", "queue"},
    OldWord{"Bounds", "QueueLimits", "dispatch"},
    OldWord{"Claim", "Reservation", "queue"},
    OldWord{"Place", "DeliveryState", "queue"},
    OldWord{"Place", "DeliveryState", "dispatch"},
    OldWord{"Turn", "PlacementBatch", "dispatch"},
    OldWord{"Revision", "UpdateTransaction", "dispatch"},
    OldWord{"Fate", "Disposition", "dispatch"},
    OldWord{"Course", "RetryState", "retry"},
    OldWord{"Next", "RetryAction", "retry"},
    OldWord{"Verdict", "Classification", "retry"},
    OldWord{"Rules", "PacketSchema", "codec"},
    OldWord{"Breach", "Violation", "codec"},
    OldWord{"judge", "validate", "codec"},
    OldWord{"Fault", "Error", "config"},
    OldWord{"Refusal", "OptionalError", "config"},
    OldWord{"Row", "KeySpec", "config"},
    OldWord{"rows", "specs", "config"},
    OldWord{"Kind", "Type", "config"},
    OldWord{"kinds", "types", "config"},
    OldWord{"Draft", "OptionsBuilder", "config"},
    OldWord{"hint", "suggestion", "config"},
    OldWord{"Place", "SourceLocation", "config"},
    OldWord{"Pace", "LatencyEwma", "sink/http"},
    OldWord{"Slot", "InFlightRequest", "sink/http"},
    OldWord{"Loop", "PoolManager", "sink/http"},
    OldWord{"Place", "Side", "net"},
    OldWord{"Replies", "ResponseWriter", "ingest"},
    OldWord{"Refusal", "RequestError", "ingest"},
    OldWord{"judge", "validate_request", "ingest"},
    OldWord{"Repeats", "LogRateLimiter", "telemetry"},
    OldWord{"Member", "RegistryEntry", "registry"},
    OldWord{"Standing", "Lifecycle", "registry"},
    OldWord{"Steering", "AdminControl", "server"},
    OldWord{"Shared", "SharedState", "server"},
    OldWord{"Body", "Impl", "server"},
    OldWord{"Ending", "SignalHandler", "cli"},
    OldWord{"judge", "decide", "tools/agent"},
    OldWord{"Tone", "Style", "tools/top"},
};

bool is_word_character(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

/// Calls visit(position) for each place where `word` stands alone.
template <typename Visit>
void each_place(std::string_view text, std::string_view word, Visit visit) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if (at > 0 && is_word_character(text[at - 1])) continue;
    if (end < text.size() && is_word_character(text[end])) continue;
    visit(at);
  }
}

std::string advice(const OldWord& old) {
  return std::string(old.word) + " is not used here any more: " + std::string(old.instead);
}

}  // namespace

Faults check_words(const SourceText& source) {
  const std::string_view room = module_of(source.path());
  if (room.empty()) return {};
  Faults faults;
  for (const OldWord& old : words) {
    if (!old.room.empty() && old.room != room) continue;
    each_place(old.room.empty() ? source.text() : source.code(), old.word, [&](std::size_t at) {
      faults.push_back({source.path(), source.line_of(at), advice(old)});
    });
  }
  return faults;
}

Faults check_words_of_prose(const std::string& path, std::string_view text) {
  Faults faults;
  for (const OldWord& old : words) {
    if (!old.room.empty()) continue;
    each_place(text, old.word, [&](std::size_t at) {
      const auto line =
          static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
      faults.push_back({path, line, advice(old)});
    });
  }
  return faults;
}

}  // namespace logdist::tidy
