#include "tests/e2e/fault_room.hpp"

#include <gmock/gmock.h>

#include "tests/e2e/checks.hpp"
#include "tests/e2e/delivered.hpp"
#include "tests/e2e/slowness.hpp"

namespace logdist::e2e {
namespace {

const std::string victim_name = "victim";

std::string weighted(const std::string& name, const std::string& url) { return name + "=" + url + "/ weight=1"; }

Settings settings_of(const std::string& analyzers, const std::string& dead_letter, const std::string& acknowledgement) {
  return {{"ANALYZERS", analyzers},
          {"DELIVERY__ACK", acknowledgement},
          {"DELIVERY__TIMEOUT", sanitized ? "2s" : "400ms"},
          {"DELIVERY__RETRY__INITIAL", "20ms"},
          {"DELIVERY__MAX_CONNECTIONS", "4"},
          {"DELIVERY__DEAD_LETTER", dead_letter},
          {"HEALTH__INTERVAL", "200ms"},
          {"HEALTH__TIMEOUT", sanitized ? "2s" : "300ms"},
          {"HEALTH__BACKOFF__INITIAL", "100ms"},
          {"HEALTH__BACKOFF__MAX", "300ms"},
          {"HEALTH__SLOW_START", "100ms"}};
}

}  // namespace

Victim::Victim(const Fault& fault, const std::string& journal_path) : what_(fault.what) {
  if (std::holds_alternative<Manner>(what_)) {
    raw_.emplace(journal_path);
  } else {
    process_.emplace(journal_path);
  }
}

std::string Victim::url() const { return raw_ ? raw_->url() : process_->url(); }

void Victim::go_wrong() {
  if (raw_) return raw_->behave(std::get<Manner>(what_));
  if (std::get<Blow>(what_) == Blow::kill) return process_->kill();
  process_->stop();
}

void Victim::heal() {
  if (raw_) return raw_->behave({});
  if (std::get<Blow>(what_) == Blow::kill) return process_->start();
  process_->go_on();
}

FaultRoom::FaultRoom(const Fault& fault, const std::string& acknowledgement)
    : fault_(fault),
      accepted_status_(acknowledgement == "delivered" ? 200 : 202),
      victim_(fault, folder_.file("journal")),
      daemon_(settings_of(
          weighted("a", a_.url()) + ", " + weighted("b", b_.url()) + ", " + weighted(victim_name, victim_.url()),
          folder_.file("dead"), acknowledgement)),
      twin_(settings_of(weighted("a", twin_a_.url()) + ", " + weighted("b", twin_b_.url()), {}, acknowledgement)) {}

void FaultRoom::send(Traffic traffic) {
  LoadPlan plan;
  plan.name = "load" + std::to_string(loads_++);
  plan.agents = 8;
  plan.packets_each = traffic == Traffic::busy ? 25 : 8;
  plan.messages_max = 30;
  plan.packets_per_second = traffic == Traffic::busy ? 1000 : 120;
  Load beside(twin_.packet_url(), plan);
  const std::vector<Sent> sent = send_all(daemon_.packet_url(), plan);
  sent_.insert(sent_.end(), sent.begin(), sent.end());
  expect_answers(beside.finish(), accepted_status_);
}

bool FaultRoom::others_are_slowed(Traffic traffic) {
  return are_slowed({"a", "b"}, daemon_, twin_, [&] {
    for (int i = 0; i < 3; ++i) send(traffic);
  });
}

void FaultRoom::slow_the_others(Duration answer_time) {
  for (RawAnalyzer* analyzer : {&a_, &b_}) {
    Manner slow;
    slow.pause = answer_time;
    analyzer->behave(slow);
  }
}

void FaultRoom::live_quietly() {
  send();
  send();
  quiet_bytes_ = resident_bytes(daemon_);
}

void FaultRoom::expect_shown(const std::string& state) {
  const std::string sample = "logdist_analyzer_state{analyzer=\"victim\",state=\"" + state + "\"}";
  constexpr int looks_between_packets = 8;  // of some states, between two tests, there is little to be seen
  int looks = 0;
  EXPECT_TRUE(eventually([&] {
    const bool in_status = analyzer_in(daemon_.status(), victim_name)["state"] == state;
    if (in_status && daemon_.metrics().value(sample) == 1) return true;
    if (looks++ % looks_between_packets == 0) send();  // it may be Testing just now, and waits for a packet there
    return false;
  })) << state;
}

void FaultRoom::go_wrong() {
  victim_.go_wrong();
  ASSERT_FALSE(are_judged_slowed([this] { return others_are_slowed(); },
                                 [this] {
                                   heal();
                                   victim_.go_wrong();
                                 }))
      << "the good analyzers are served more slowly";
  expect_shown(fault_.fails ? "failed" : "healthy");
  for (const std::string& outcome : fault_.outcomes) {
    EXPECT_TRUE(a_packet_has_seen(outcome)) << outcome;
  }
}

/// On a machine with much to do its probes may fail it before a packet does; then it gets none until it is well again.
bool FaultRoom::a_packet_has_seen(const std::string& outcome) {
  constexpr int tries_max = 20;
  for (int tries = 0; tries < tries_max && !testing::Test::HasFatalFailure(); ++tries) {
    // No attempt is under way any more: what there is to count is counted.
    if (!daemon_.await([](const auto& status) { return status["queue"]["packets"] == 0; })) return false;
    if (daemon_.metrics().attempts(victim_name, outcome) > 0) return true;
    heal();
    victim_.go_wrong();
    send(Traffic::busy);
  }
  return false;
}

void FaultRoom::heal() {
  victim_.heal();
  // In Testing it waits for a packet.
  for (int round = 0; round == 0 || daemon_.metrics().value("logdist_analyzer_in_service{analyzer=\"victim\"}") != 1;
       ++round) {
    ASSERT_LT(round, 100);
    send();
  }
  expect_shown("healthy");
  const double before = daemon_.metrics().of("packets_delivered_total", victim_name);
  send();
  EXPECT_TRUE(eventually([&] { return daemon_.metrics().of("packets_delivered_total", victim_name) > before; }));
}

void FaultRoom::settle() {
  expect_answers(sent_, accepted_status_);
  ASSERT_TRUE(daemon_.await([](const auto& status) { return status["queue"]["packets"] == 0; }));
  watch_.expect_balanced();
  const Samples samples = daemon_.metrics();
  const std::vector<std::string> dead = dead_letter_ids(folder_.lines("dead"));
  const Delivered delivered = compare(sent_, read_journal(folder_.file("journal")), dead);
  EXPECT_EQ(delivered.accepted, sent_.size());
  EXPECT_THAT(delivered.lost, testing::IsEmpty());
  EXPECT_THAT(delivered.altered, testing::IsEmpty());
  EXPECT_THAT(delivered.invented, testing::IsEmpty());
  EXPECT_THAT(dead, testing::IsEmpty()) << "others would have taken them";
  EXPECT_LE(static_cast<double>(delivered.duplicates), explained_duplicates(samples, {"a", "b", victim_name}));
  EXPECT_EQ(samples.packets("delivered"), static_cast<double>(sent_.size()));
  expect_memory_back(daemon_, quiet_bytes_);
  daemon_.expect_clean_end();
}

}  // namespace logdist::e2e
