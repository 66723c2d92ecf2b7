#include "logdist/registry/outage_log.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/telemetry/in_words.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::registry {
namespace {

using News = Episode::News;

constexpr Duration errors_interval = std::chrono::minutes(1);

/// Queued, waiting and between attempts: all that is not under way.
std::int64_t waiting_packets(const telemetry::Scrape& scrape) {
  return scrape.books.terms.queued.packets + scrape.books.terms.waiting.packets;
}

/// What one look alone has seen may have begun and ended between its neighbours, which are a second away.
std::string length_text(Duration length) {
  return length < std::chrono::seconds(1) ? "about a second" : telemetry::in_words(length);
}

void tell(admin::EventLog& events, bool warning, const char* event, const std::string& text, const log::Fields& fields,
          const std::string& analyzer = {}) {
  log::record(warning ? log::Level::warn : log::Level::info, event, text, fields);
  events.post({.kind = analyzer.empty() ? admin::EventKind::daemon : admin::EventKind::analyzer,
               .warning = warning,
               .analyzer = analyzer,
               .text = text});
}

}  // namespace

void OutageLog::look(const telemetry::Scrape& scrape, bool queue_full, TimePoint now) {
  look_at_service(scrape, now);
  look_at_queue(scrape, queue_full, now);
  look_at_handed_back(scrape, now);
  look_at_errors(scrape, now);
}

void OutageLog::look_at_service(const telemetry::Scrape& scrape, TimePoint now) {
  const bool none = std::none_of(scrape.analyzers.begin(), scrape.analyzers.end(),
                                 [](const telemetry::AnalyzerFacts& analyzer) { return analyzer.in_service; });
  const News news = no_service_.look(none, now);
  if (news == News::none) return;
  const std::int64_t count = waiting_packets(scrape);
  const std::string length = length_text(no_service_.length());
  const log::Fields fields{{"packets_waiting", count}, {"seconds", to_seconds(no_service_.length())}};
  switch (news) {
    case News::none: break;
    case News::begun:
      return tell(events_, true, "no_healthy_analyzer",
                  fmt::format("no analyzer is in service: packets wait ({} now)", count), fields);
    case News::lasts:
      return tell(events_, true, "no_healthy_analyzer",
                  fmt::format("no analyzer has been in service for {}: {}", length,
                              counted(count, "packet waits", "packets wait")),
                  fields);
    case News::ended:
      return tell(events_, false, "no_healthy_analyzer_ended",
                  fmt::format("an analyzer is in service again after {}: {}", length,
                              counted(count, "packet waits", "packets wait")),
                  fields);
  }
}

void OutageLog::look_at_queue(const telemetry::Scrape& scrape, bool queue_full, TimePoint now) {
  const News news = queue_full_.look(queue_full, now);
  if (news == News::none) return;
  const std::string length = length_text(queue_full_.length());
  const log::Fields fields{{"packets", scrape.queue_packets.held},
                           {"bytes", scrape.queue_bytes.held},
                           {"seconds", to_seconds(queue_full_.length())}};
  switch (news) {
    case News::none: break;
    case News::begun:
      return tell(events_, true, "queue_full",
                  fmt::format("the queue is full ({}, {}): requests wait for their own delivery",
                              counted(scrape.queue_packets.held, "packet"), counted(scrape.queue_bytes.held, "byte")),
                  fields);
    case News::lasts:
      return tell(events_, true, "queue_full", fmt::format("the queue has been full for {}", length), fields);
    case News::ended:
      return tell(events_, false, "queue_full_ended", fmt::format("the queue has space again, after {}", length),
                  fields);
  }
}

void OutageLog::look_at_handed_back(const telemetry::Scrape& scrape, TimePoint now) {
  const std::int64_t total = scrape.books.terms.handed_back.packets;
  const std::int64_t before = std::exchange(handed_back_, total);
  const News news = handing_back_.look(total > before, now);
  if (news == News::none) return;
  if (news == News::begun) handed_back_before_ = before;
  const std::int64_t count = total - handed_back_before_;
  const std::string length = length_text(handing_back_.length());
  const log::Fields fields{{"packets", count}, {"seconds", to_seconds(handing_back_.length())}};
  switch (news) {
    case News::none: break;
    case News::begun:
      return tell(events_, true, "requests_handed_back",
                  "requests are handed back with 503: no analyzer took their packets in time", fields);
    case News::lasts:
      return tell(events_, true, "requests_handed_back",
                  fmt::format("requests are handed back with 503: {} in {}", count, length), fields);
    case News::ended:
      return tell(events_, false, "requests_handed_back_ended",
                  fmt::format("requests are not handed back any more: {} were, in {}", count, length), fields);
  }
}

OutageLog::Attempts OutageLog::attempts_of(const telemetry::Scrape& scrape, const telemetry::AnalyzerFacts& analyzer) {
  const auto& counts = telemetry::counts_of(scrape, analyzer).attempts;
  const auto of = [&counts](Outcome outcome) { return counts[static_cast<std::size_t>(outcome)]; };
  Attempts attempts;
  attempts.failed = of(Outcome::http_error) + of(Outcome::timeout) + of(Outcome::connect_error) +
                    of(Outcome::connection_broken) + of(Outcome::protocol_error);
  attempts.ended = attempts.failed + of(Outcome::delivered) + of(Outcome::refused);
  return attempts;
}

void OutageLog::look_at_errors(const telemetry::Scrape& scrape, TimePoint now) {
  if (now < errors_due_) return;
  errors_due_ = now + errors_interval;
  std::map<std::string, Analyzer> known;  // those that are gone are forgotten
  for (const telemetry::AnalyzerFacts& analyzer : scrape.analyzers) {
    const Attempts attempts = attempts_of(scrape, analyzer);
    const auto found = analyzers_.find(analyzer.name);
    if (found != analyzers_.end()) {
      compare_errors(found->second, analyzer, attempts);
      known[analyzer.name] = found->second;
    }
    known[analyzer.name].before = attempts;
  }
  analyzers_ = std::move(known);
}

void OutageLog::compare_errors(Analyzer& known, const telemetry::AnalyzerFacts& analyzer, const Attempts& now) {
  const std::uint64_t ended = now.ended - std::min(now.ended, known.before.ended);
  const std::uint64_t failed = now.failed - std::min(now.failed, known.before.failed);
  const double ratio = ended == 0 ? 0 : static_cast<double>(failed) / static_cast<double>(ended);
  const bool failing = analyzer.in_service && ended >= attempts_min && ratio > error_ratio_max;
  const bool was_failing = std::exchange(known.failing, failing);
  const log::Fields fields{{"analyzer", analyzer.name}, {"attempts", ended}, {"failed", failed}};
  if (failing) {
    tell(events_, true, "analyzer_errors",
         fmt::format("analyzer {} fails {:.0f} % of its packets: {} of {} in a minute", analyzer.name, 100 * ratio,
                     failed, ended),
         fields, analyzer.name);
  } else if (was_failing && analyzer.in_service) {
    tell(events_, false, "analyzer_errors_ended",
         fmt::format("analyzer {} fails no more than {:.0f} % of its packets: {} of {} in a minute", analyzer.name,
                     100 * error_ratio_max, failed, ended),
         fields, analyzer.name);
  }
}

}  // namespace logdist::registry
