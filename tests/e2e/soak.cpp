#include "tests/e2e/soak.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

namespace logdist::e2e {
namespace {

constexpr std::chrono::milliseconds scrape_interval{200};
constexpr std::chrono::milliseconds caller_runs_timeout{1500};

/// By agents, one after the other.
const std::vector<core::Protocol> spoken{core::Protocol::packet, core::Protocol::otlp, core::Protocol::loki,
                                         core::Protocol::hec_event, core::Protocol::elasticsearch};

/// Half of the analyzers take all of that, the others our own and two more.
core::ProtocolSet takes_of(std::size_t index) {
  if (index % 4 != 1 && index % 4 != 2) return core::ProtocolSet::all();
  core::ProtocolSet takes;
  const std::size_t first = index % 4 == 1 ? 1 : 3;
  for (const std::size_t one : {std::size_t{0}, first, first + 1}) takes.add(spoken[one]);
  return takes;
}

std::string names_of(const std::vector<core::Protocol>& formats, core::ProtocolSet among) {
  std::string names;
  for (const core::Protocol format : formats) {
    if (among.has(format)) names += fmt::format("{}{}", names.empty() ? "" : ", ", to_string(format));
  }
  return names;
}

std::string name(std::size_t index) { return fmt::format("analyzer-{}", index); }

/// Whether an outage is long enough to fill the queue and then to send callers away.
bool queue_fills(const SoakPlan& plan, const std::vector<Outage>& outages) {
  if (outages.empty()) return false;
  const Duration full = outages.front().to - outages.front().from - 2 * caller_runs_timeout;
  return to_seconds(full) * plan.packets_per_second > static_cast<double>(plan.queue_packets);
}

}  // namespace

Soak::Soak(const SoakPlan& plan) : plan_(plan), candidates_(plan.analyzers) {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i].journal = folder_.file(fmt::format("journal-{}", i));
    candidates_[i].process = std::make_unique<RawAnalyzerProcess>(candidates_[i].journal);
    candidates_[i].takes = takes_of(i);
    candidates_[i].turns = draw_turns(plan.seed, i, plan.length);
  }
  daemon_ = start_daemon();
}

/// The analyzers, and what agents may speak.
std::string Soak::configuration() const {
  std::string text = fmt::format("server:\n  formats: [{}]\nanalyzers:\n", names_of(spoken, core::ProtocolSet::all()));
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& candidate = candidates_[i];
    text += fmt::format("  - {{name: {}, url: \"{}/\", weight: {}, formats: [{}], forward: {}}}\n", name(i),
                        candidate.process->url(), 10 * (i + 1), names_of(spoken, candidate.takes),
                        i % 2 == 0 ? "native" : "packet-url");
  }
  return text;
}

std::unique_ptr<DaemonProcess> Soak::start_daemon() const {
  const std::string file = folder_.file("log-distributor.yaml");
  std::ofstream(file) << configuration();
  return std::make_unique<DaemonProcess>(
      Settings{{"QUEUE__MAX_PACKETS", std::to_string(plan_.queue_packets)},
               {"DELIVERY__CALLER_RUNS_TIMEOUT", fmt::format("{}ms", caller_runs_timeout.count())},
               {"DELIVERY__TIMEOUT", "1s"},
               {"DELIVERY__RETRY__MAX", "1s"},
               {"DELIVERY__DEAD_LETTER", folder_.file("dead")},
               {"HEALTH__INTERVAL", "500ms"},
               {"HEALTH__TIMEOUT", "1s"},
               {"HEALTH__BACKOFF__INITIAL", "100ms"},
               {"HEALTH__BACKOFF__MAX", "1s"},
               {"HEALTH__SLOW_START", "1s"},
               {"LOG__LEVEL", "error"}},
      Launch{.program = plan_.daemon, .config_file = file});
}

void Soak::take_turn(Candidate& candidate) {
  const bool was_killed = candidate.is_down() && candidate.turns[candidate.next - 1].what == Turn::What::kill;
  if (!candidate.is_down()) candidate.downtimes.push_back({Clock::now(), never});
  switch (candidate.turns[candidate.next++].what) {
    case Turn::What::kill:
      candidate.process->kill();
      ++result_.kills;
      break;
    case Turn::What::stop:
      candidate.process->stop();
      ++result_.stops;
      break;
    case Turn::What::come_back:
      if (was_killed) candidate.process->start();
      if (!was_killed) candidate.process->go_on();
      candidate.downtimes.back().to = Clock::now();
      break;
  }
}

/// All turns that are due by then.
void Soak::take_turns(Duration elapsed) {
  for (Candidate& candidate : candidates_) {
    while (candidate.next < candidate.turns.size() && candidate.turns[candidate.next].at <= elapsed) {
      take_turn(candidate);
    }
  }
}

void Soak::scrape() {
  const Samples samples = daemon_->metrics();
  ++result_.scrapes;
  result_.resident_bytes.push_back(samples.value("process_resident_memory_bytes"));
  if (const std::string fault = samples.imbalance(); !fault.empty()) {
    if (result_.imbalances++ == 0) std::cout << fault;
  }
}

/// The whole time of load; at its end every analyzer is up.
void Soak::live(Load& load) {
  boost::asio::io_context io;
  boost::asio::steady_timer pace(io);
  const TimePoint start = Clock::now();
  for (TimePoint now = start; now < start + plan_.length; now = Clock::now()) {
    take_turns(now - start);
    scrape();
    pace.expires_at(now + scrape_interval);
    pace.wait();
  }
  for (Candidate& candidate : candidates_) {
    if (candidate.is_down()) take_turn(candidate);
  }
  load.stop();
}

void Soak::count_answers(const std::vector<Sent>& sent) {
  result_.sent = sent.size();
  for (const Sent& packet : sent) {
    if (packet.status == 200 && packet.format == core::Protocol::packet) ++result_.delivered_at_once;
    if (packet.status == 503) ++result_.handed_back;
    if (packet.status == 0) ++result_.unanswered;
  }
}

void Soak::read_journals(const std::vector<Sent>& sent, const Samples& samples) {
  std::vector<Taker> takers;
  std::vector<Life> lives;
  std::vector<Entry> entries;
  for (Candidate& candidate : candidates_) {
    lives.push_back({read_journal(candidate.journal), candidate.downtimes});
    const std::vector<Entry>& own = lives.back().entries;
    entries.insert(entries.end(), own.begin(), own.end());
    takers.push_back({own, candidate.takes});
  }
  const std::vector<std::string> lines = folder_.lines("dead");
  const std::vector<std::string> dead = dead_letter_ids(lines);
  result_.formats = tally_formats(spoken, sent, takers, kept_letters(lines), samples);
  result_.dead_letters = dead.size();
  result_.delivered = compare(sent, entries, dead);
  result_.unexplained = unexplained_duplicates(lives);
}

SoakResult Soak::run() {
  const std::vector<Outage> outages = outages_in(plan_.length);
  result_.outages = outages.size();
  result_.queue_fills = queue_fills(plan_, outages);
  LoadPlan load_plan;
  load_plan.name = "soak";
  load_plan.agents = plan_.agents;
  load_plan.packets_each = LoadPlan::endless;
  load_plan.messages_max = 40;
  load_plan.packets_per_second = plan_.packets_per_second;
  load_plan.seed = plan_.seed;
  load_plan.formats = spoken;
  Load load(daemon_->packet_url(), load_plan);
  live(load);
  const std::vector<Sent> sent = load.finish();
  result_.emptied = daemon_->await([](const auto& status) { return status["queue"]["packets"] == 0; });

  std::vector<std::string> names;
  for (std::size_t i = 0; i < candidates_.size(); ++i) names.push_back(name(i));
  const Samples samples = daemon_->metrics();
  if (!samples.imbalance().empty()) ++result_.imbalances;
  ++result_.scrapes;
  result_.explained = explained_duplicates(samples, names);
  result_.caller_runs = samples.value("logdist_caller_runs_total");
  daemon_->process().terminate();
  result_.exit_code = daemon_->process().wait_exit(patience).value_or(-1);
  count_answers(sent);
  read_journals(sent, samples);
  return result_;
}

}  // namespace logdist::e2e
