#include "tests/sim/disk_world.hpp"

#include <algorithm>

#include "logdist/queue/log/record.hpp"
#include "logdist/storage/log_inspection.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;
using test::SimulatedCrash;

namespace {

constexpr Duration settling_pause = 20ms;
constexpr Duration drain_look = 10ms;
constexpr std::uint64_t plenty = std::uint64_t{1} << 40;

}  // namespace

DiskWorld::DiskWorld(const DiskScenario& scenario)
    : scenario_(scenario),
      draws_(scenario.daemon.seed ^ 0xd15c517),
      trace_(scenario.daemon.loops),
      stage_{scenario_.daemon, timeline_, draws_, journal_, trace_, analyzers_},
      disk_(scenario.daemon.seed ^ 0x5151) {
  takings_.messages.resize(scenario_.daemon.analyzers.size());
  for (const AnalyzerPlan& plan : scenario_.daemon.analyzers) {
    const auto id = static_cast<AnalyzerId>(analyzers_.size());
    analyzers_.push_back(std::make_unique<Analyzer>(plan, draws_.seed()));
    if (!plan.spells.empty()) outside_.after(Duration(0), [this, id] { begin_spell(id, 0); });
  }
  for (const AgentPlan& plan : scenario_.daemon.agents) agents_.push_back(std::make_unique<DiskAgent>(stage_, plan));
  for (const Change& change : scenario_.daemon.changes) {
    outside_.after(change.after, [this, &change] { make(change); });
  }
}

DiskWorld::~DiskWorld() {
  disk_.bury();
  daemon_.reset();
}

void DiskWorld::add(DiskWitness& witness) {
  witnesses_.push_back(&witness);
  trace_.add_witness(witness);
}

void DiskWorld::begin() {
  add(safety_);
  trace_.add_witness(takings_);
  if (scenario_.changes_modes) {
    const Duration first = draws_.across(1ms, 500ms);
    outside_.after(first, [this] { set_mode(scenario_.first_mode); });
    outside_.after(first + draws_.across(500ms, 3s), [this] { change_mode(); });
  }
  start();
}

void DiskWorld::step() {
  Timeline& first = outside_.next() <= timeline_.next() ? outside_ : timeline_;
  const TimePoint now = first.next();
  timeline_.move_to(now);
  outside_.move_to(now);
  try {
    first.step();
    if (daemon_) daemon_->after_event();
  } catch (const SimulatedCrash&) {
    end(draws_.chance(scenario_.power_cuts) ? DiskEnd::power_cut : DiskEnd::killed);
  }
  if (!daemon_) return;
  for (DiskWitness* const witness : witnesses_) witness->stepped();
}

void DiskWorld::start() {
  plan_end();
  has_drained_ = false;
  const DiskDaemon::Parts parts{stage_,
                                scenario_,
                                disk_,
                                [this] { return sync_takes(); },
                                [this](const queue::StoredPacket& packet, bool is_parked) {
                                  const auto metadata = queue::decode_metadata(packet.metadata);
                                  const std::string id(metadata ? metadata->packet_id : std::string_view());
                                  for (DiskWitness* const witness : witnesses_)
                                    witness->read_back(packet, id, is_parked);
                                },
                                [this](std::string_view id, queue::StoreOutcome outcome) {
                                  const auto serial = serial_of(id, trace_.histories().size());
                                  if (!serial) return;
                                  for (DiskWitness* const witness : witnesses_) witness->reported(*serial, outcome);
                                },
                                [this] {
                                  for (DiskWitness* const witness : witnesses_) witness->balance_kept();
                                },
                                [this] {
                                  for (DiskWitness* const witness : witnesses_) witness->nothing_in_doubt();
                                }};
  try {
    daemon_ = std::make_unique<DiskDaemon>(parts);
  } catch (const SimulatedCrash&) {
    return end(draws_.chance(scenario_.power_cuts) ? DiskEnd::power_cut : DiskEnd::killed);
  }
  if (!daemon_->failure().empty()) {
    // A disk that refuses refuses the start; it is tried again.
    journal_.note("the daemon does not start: {}", daemon_->failure());
    if (mode_ == DiskMode::well) failed_start_ = daemon_->failure();
    daemon_.reset();
    timeline_.clear();
    outside_.after(draws_.across(100ms, 1s), [this] { start(); });
    return;
  }
  ++starts_;
  const queue::LogRecovery& found = daemon_->storage().recovery();
  journal_.note("the daemon is up: {} packets of {} segments, {} scanned", found.packets, found.segments,
                found.segments_scanned);
  list();
  for (DiskWitness* const witness : witnesses_) witness->daemon_started();
  daemon_->start();
  for (std::size_t index = 0; index < agents_.size(); ++index) {
    agents_[index]->connect(daemon_->loop(scenario_.daemon.agents[index].loop));
  }
  for (const auto& feeder : feeders_) feeder->connect(daemon_->loop(0));
}

/// As `log-distributor queue list` does, beside the daemon.
void DiskWorld::list() {
  disk_.observe(true);
  std::string error;
  const auto log = storage::LogInspection::open(scenario_.log.directory, disk_, error);
  disk_.observe(false);
  packets_listed_.reset();
  if (!log) return;
  packets_listed_ = 0;
  for (const storage::InspectedSegment& segment : log->segments()) *packets_listed_ += segment.unsettled;
}

/// The process is no more.
void DiskWorld::end(DiskEnd how) {
  const bool power_cut = how == DiskEnd::power_cut;
  journal_.note("the daemon {}{}", daemon_ ? "" : "that starts ",
                power_cut                 ? "loses its power"
                : how == DiskEnd::stopped ? "has ended"
                                          : "is killed");
  if (how != DiskEnd::stopped) ++crashes_;
  DaemonEnd end{how, power_cut && !scenario_.log.sync, {}};
  if (daemon_) {
    end.balance = daemon_->figures();
    daemon_->cut();
  }
  disk_.bury();
  daemon_.reset();
  timeline_.clear();
  disk_.restart(power_cut);
  if (scenario_.flips_bits && !healed_ && draws_.chance(0.5)) {
    const std::size_t flipped = disk_.flip_bits(draws_.between<std::size_t>(1, 4));
    flipped_bits_ += flipped;
    end.is_lossy = end.is_lossy || flipped > 0;
    if (flipped > 0) journal_.note("{} bits of the disk are flipped", flipped);
  }
  for (DiskWitness* const witness : witnesses_) witness->daemon_ended(end);
  trace_.cut();
  for (const auto& agent : agents_) agent->disconnect();
  for (const auto& feeder : feeders_) feeder->disconnect();
  outside_.after(draws_.across(1ms, 500ms), [this] { start(); });
}

/// How the next process will end.
void DiskWorld::plan_end() {
  disk_.crash_never();
  if (healed_ || crashes_ >= scenario_.crashes_max) return;
  const auto& met = disk_.points()[static_cast<std::size_t>(scenario_.first_point)];
  first_point_met_ = first_point_met_ || met.crashed > 0;
  if (!first_point_met_ && draws_.chance(0.6)) {
    disk_.crash_at(scenario_.first_point, draws_.between(1u, 3u));
  } else if (draws_.chance(0.3)) {
    disk_.crash_after(draws_.between<std::uint64_t>(1, 300));
  } else if (draws_.chance(0.4)) {
    disk_.crash_at(static_cast<queue::CrashPoint>(draws_.between<std::size_t>(0, queue::crash_point_names.size() - 1)),
                   draws_.between(1u, 10u));
  }
  end_after(draws_.across(10ms, scenario_.crash_within), starts_);
}

/// At any moment, or in good order.
void DiskWorld::end_after(Duration delay, std::size_t of_start) {
  outside_.after(delay, [this, of_start] {
    // The start that it was planned for may have failed, or the process may have ended otherwise.
    if (!daemon_ || healed_ || has_drained_ || starts_ != of_start + 1) return;
    if (draws_.chance(0.25)) {
      stop_daemon(draws_.across(1ms, 2s));
    } else {
      end(draws_.chance(scenario_.power_cuts) ? DiskEnd::power_cut : DiskEnd::killed);
    }
  });
}

void DiskWorld::stop_daemon(Duration grace) {
  journal_.note("the daemon is told to stop");
  has_drained_ = true;
  for (const auto& agent : agents_) agent->disconnect();
  daemon_->begin_drain();
  look_at_drain(now() + grace, starts_);
}

/// As server::Drain::decide().
void DiskWorld::look_at_drain(TimePoint give_up_at, std::size_t of_start) {
  outside_.after(drain_look, [this, give_up_at, of_start] {
    if (!daemon_ || starts_ != of_start) return;
    const bool gives_up = give_up_at == never;
    if (daemon_->is_settled() || (gives_up && !daemon_->has_attempts())) {
      daemon_->close();
      ++stops_;
      return end(DiskEnd::stopped);
    }
    if (!gives_up && now() >= give_up_at) {
      journal_.note("the grace is over");
      daemon_->give_up();
      return look_at_drain(never, of_start);
    }
    look_at_drain(give_up_at, of_start);
  });
}

void DiskWorld::heal() {
  healed_ = true;
  disk_.crash_never();
  set_mode(DiskMode::well);
  for (const auto& analyzer : analyzers_) analyzer->heal();
}

void DiskWorld::stop_agents() {
  for (const auto& agent : agents_) agent->stop();
}

void DiskWorld::undrain() {
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (daemon_->settings()[id].drained) daemon_->set_drained(id, false);
  }
}

void DiskWorld::start_feeding() {
  AgentPlan plan;
  plan.pause = settling_pause;
  plan.messages_max = scenario_.daemon.messages_max;
  plan.bytes_max = 100;
  feeders_.push_back(std::make_unique<DiskAgent>(stage_, plan));
  if (daemon_ && !has_drained_) feeders_.back()->connect(daemon_->loop(0));
}

void DiskWorld::change_mode() {
  if (healed_) return;
  const bool well = mode_ != DiskMode::well && draws_.chance(0.7);
  set_mode(well ? DiskMode::well : static_cast<DiskMode>(draws_.between<std::size_t>(0, disk_mode_count - 1)));
  outside_.after(draws_.across(100ms, 5s), [this] { change_mode(); });
}

void DiskWorld::set_mode(DiskMode mode) {
  mode_ = mode;
  journal_.note("the disk is {}", to_string(mode));
  disk_.faults = {};
  disk_.capacity = plenty;
  disk_.read_only = mode == DiskMode::read_only;
  switch (mode) {
    case DiskMode::refuses_write: disk_.faults.write_ppm = 200'000; break;
    case DiskMode::refuses_sync: disk_.faults.sync_ppm = 200'000; break;
    case DiskMode::refuses_remove: disk_.faults.remove_ppm = 500'000; break;
    case DiskMode::full: disk_.capacity = 0; break;
    case DiskMode::nearly_full:
      disk_.capacity = scenario_.log.segment_bytes * draws_.between<std::uint64_t>(2, 10);
      break;
    default: break;
  }
}

Duration DiskWorld::sync_takes() {
  if (mode_ == DiskMode::slow) return draws_.across(5ms, 1s);
  return draws_.across(10us, 3ms);
}

void DiskWorld::begin_spell(AnalyzerId analyzer, std::size_t index) {
  const std::vector<Spell>& spells = analyzers_[analyzer]->plan().spells;
  if (healed_ || index >= spells.size()) return;
  const Spell& spell = spells[index];
  journal_.note("analyzer {} is {} now ({:.0f} %)", analyzer, to_string(spell.fault_mode), 100 * spell.portion);
  analyzers_[analyzer]->begin(spell);
  outside_.after(spell.lasts, [this, analyzer, index] { begin_spell(analyzer, index + 1); });
}

/// The operator's. Nobody answers while the daemon is down.
void DiskWorld::make(const Change& change) {
  if (healed_ || !daemon_ || has_drained_) return;
  const auto whom = static_cast<AnalyzerId>(change.whom % analyzers_.size());
  if (change.kind == Change::Kind::set_weight) {
    journal_.note("analyzer {} gets weight {}", whom, change.plan.spec.weight_units);
    daemon_->set_weight(whom, change.plan.spec.weight_units);
  } else if (change.kind == Change::Kind::turn_drain) {
    const bool drained = !daemon_->settings()[whom].drained;
    journal_.note("analyzer {} is {}", whom, drained ? "drained" : "no longer drained");
    daemon_->set_drained(whom, drained);
  }
}

}  // namespace logdist::sim
