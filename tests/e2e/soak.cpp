#include "tests/e2e/soak.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <iostream>
#include <numeric>
#include <stdexcept>

namespace logdist::e2e {
namespace {

constexpr std::chrono::milliseconds scrape_interval{200};

std::string name(std::size_t index) { return fmt::format("analyzer-{}", index); }

/// The mean of a part of `values`, from one fraction of them to another.
double mean(const std::vector<double>& values, double from, double to) {
  const auto at = [&](double fraction) {
    return values.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size()));
  };
  return std::accumulate(at(from), at(to), 0.0) / static_cast<double>(std::max<std::ptrdiff_t>(1, at(to) - at(from)));
}

}  // namespace

std::vector<std::string> SoakResult::faults() const {
  std::vector<std::string> faults;
  const auto demand = [&](bool holds, const std::string& otherwise) {
    if (!holds) faults.push_back(otherwise);
  };
  demand(delivered.accepted > 0, "no packet was accepted");
  demand(delivered.lost.empty(), fmt::format("{} accepted packets were lost", delivered.lost.size()));
  demand(delivered.altered.empty(), fmt::format("{} packets were altered", delivered.altered.size()));
  demand(delivered.invented.empty(), fmt::format("{} packets were invented", delivered.invented.size()));
  demand(static_cast<double>(delivered.duplicates) <= explained,
         fmt::format("{} duplicates, but only {} explanations", delivered.duplicates, explained));
  demand(imbalances == 0 && scrapes > 0, fmt::format("{} of {} scrapes did not balance", imbalances, scrapes));
  constexpr double slack_bytes = 8 << 20;
  demand(sanitized || last_bytes <= 1.1 * first_bytes + slack_bytes,
         fmt::format("memory grew from {:.0f} to {:.0f} bytes", first_bytes, last_bytes));
  demand(kills > 0, "no analyzer crashed");
  demand(exit_code == 0, fmt::format("the daemon ended with {}", exit_code));
  return faults;
}

Soak::Soak(const SoakPlan& plan) : plan_(plan), random_(plan.seed), candidates_(plan.analyzers) {
  for (Candidate& candidate : candidates_) {
    candidate.process = std::make_unique<RawAnalyzerProcess>(folder_.file("journal"));
    candidate.next = Clock::now() + draw_seconds(0, 4);
  }
  daemon_ = std::make_unique<DaemonProcess>(Settings{{"ANALYZERS", setting()},
                                                     {"DELIVERY__TIMEOUT", "1s"},
                                                     {"DELIVERY__RETRY__MAX", "1s"},
                                                     {"DELIVERY__DEAD_LETTER", folder_.file("dead")},
                                                     {"HEALTH__INTERVAL", "500ms"},
                                                     {"HEALTH__TIMEOUT", "1s"},
                                                     {"HEALTH__BACKOFF__INITIAL", "100ms"},
                                                     {"HEALTH__BACKOFF__MAX", "1s"},
                                                     {"HEALTH__SLOW_START", "1s"},
                                                     {"LOG__LEVEL", "error"}},
                                            Launch{.program = plan.daemon});
}

std::string Soak::setting() const {
  std::string text;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    text += fmt::format("{}{}={}/ weight={}", i == 0 ? "" : ", ", name(i), candidates_[i].process->url(), 10 * (i + 1));
  }
  return text;
}

Duration Soak::draw_seconds(double least, double most) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(random_.uniform(least, most)));
}

void Soak::return_to_life(Candidate& candidate, TimePoint now) {
  if (candidate.state == Candidate::State::killed) candidate.process->start();
  if (candidate.state == Candidate::State::stopped) candidate.process->go_on();
  candidate.state = Candidate::State::up;
  candidate.next = now + draw_seconds(1, 8);
}

void Soak::change(Candidate& candidate, TimePoint now) {
  if (candidate.state != Candidate::State::up) return return_to_life(candidate, now);
  if (random_.below(3) > 0) {
    candidate.process->kill();
    candidate.state = Candidate::State::killed;
    ++result_.kills;
  } else {
    candidate.process->stop();
    candidate.state = Candidate::State::stopped;
    ++result_.stops;
  }
  // At once, or after so long that everybody has noticed.
  candidate.next = now + (random_.below(3) == 0 ? Duration::zero() : draw_seconds(0.2, 4));
}

void Soak::scrape() {
  const Samples samples = daemon_->metrics();
  ++result_.scrapes;
  resident_bytes_.push_back(samples.value("process_resident_memory_bytes"));
  if (const std::string fault = samples.imbalance(); !fault.empty()) {
    if (result_.imbalances++ == 0) std::cout << fault;
  }
}

void Soak::weigh_memory() {
  // Before that, caches and pools are still filling.
  constexpr double warm_up = 0.1;
  result_.first_bytes = mean(resident_bytes_, warm_up, 1.0 / 3);
  result_.last_bytes = mean(resident_bytes_, 2.0 / 3, 1);
}

SoakResult Soak::run() {
  LoadPlan load_plan;
  load_plan.name = "soak";
  load_plan.agents = plan_.agents;
  load_plan.packets_each = LoadPlan::endless;
  load_plan.messages_max = 40;
  load_plan.packets_per_second = plan_.packets_per_second;
  load_plan.seed = plan_.seed;
  Load load(daemon_->packet_url(), load_plan);

  boost::asio::io_context io;
  boost::asio::steady_timer pace(io);
  const TimePoint end = Clock::now() + plan_.length;
  for (TimePoint now = Clock::now(); now < end; now = Clock::now()) {
    for (Candidate& candidate : candidates_) {
      if (candidate.next <= now) change(candidate, now);
    }
    scrape();
    pace.expires_at(now + scrape_interval);
    pace.wait();
  }
  weigh_memory();
  for (Candidate& candidate : candidates_) return_to_life(candidate, end);
  load.stop();
  const std::vector<Sent> sent = load.finish();
  daemon_->await([](const auto& status) { return status["queue"]["packets"] == 0; });
  scrape();

  std::vector<std::string> names;
  for (std::size_t i = 0; i < candidates_.size(); ++i) names.push_back(name(i));
  result_.explained = explained_duplicates(daemon_->metrics(), names);
  daemon_->process().terminate();
  result_.exit_code = daemon_->process().wait_exit(patience).value_or(-1);
  result_.sent = sent.size();
  for (const Sent& packet : sent) {
    if (packet.status == 503) ++result_.handed_back;
    if (packet.status == 0) ++result_.unanswered;
  }
  result_.delivered = compare(sent, read_journal(folder_.file("journal")), dead_letter_ids(folder_.lines("dead")));
  return result_;
}

}  // namespace logdist::e2e
