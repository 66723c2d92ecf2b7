#include "tests/sim/disk_daemon.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "logdist/queue/log/record.hpp"
#include "tests/sim/disk_trace.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

namespace {

/// Simulated time began then, since 1970.
constexpr std::int64_t epoch_ns = 1'700'000'000'000'000'000;

std::int64_t unix_ns(TimePoint now) { return epoch_ns + now.time_since_epoch().count(); }

std::vector<dispatch::AnalyzerSpec> analyzer_specs(const Scenario& scenario) {
  std::vector<dispatch::AnalyzerSpec> specs;
  for (const AnalyzerPlan& plan : scenario.analyzers) specs.push_back(plan.spec);
  return specs;
}

std::string name_of(AnalyzerId analyzer) { return "a" + std::to_string(analyzer); }
std::string url_of(AnalyzerId analyzer) { return "http://" + name_of(analyzer); }

}  // namespace

void StepThread::wake(TimePoint when) {
  when = std::max(when, busy_until_);
  if (when >= at_) return;
  at_ = when;
  timeline_.at(when, [this, when] {
    if (at_ == when) run();
  });
}

void StepThread::run() {
  at_ = never;
  busy_until_ = timeline_.now() + takes_();
  is_stepping_ = true;
  const TimePoint next = step_();
  is_stepping_ = false;
  if (next != never) wake(next);
}

DiskDaemon::DiskDaemon(const Parts& parts)
    : parts_(parts),
      stage_(parts.stage),
      bounds_(stage_.scenario.queue_packets, stage_.scenario.queue_bytes),
      balancer_(stage_.scenario.balancer, analyzer_specs(stage_.scenario), stage_.scenario.loops, *this,
                stage_.timeline.now()),
      posted_until_(stage_.scenario.loops),
      control_(stage_, balancer_),
      log_thread_(
          stage_.timeline, [this] { return step_log(); }, parts.sync_takes),
      backlog_thread_(
          stage_.timeline, [this] { return storage_->step_backlog(); },
          [this] { return stage_.draws.across(5us, 2ms); }) {
  if (!open_storage()) return;
  for (LoopId id = 0; id < stage_.scenario.loops; ++id) {
    loops_.push_back(std::make_unique<Loop>(stage_, id, balancer_, bounds_, letters_, &storage_->store(id)));
    storage_->set_listener(id, reports_.emplace_back(*this, loops_.back()->dispatcher()));
  }
  for (AnalyzerId id = 0; id < stage_.scenario.analyzers.size(); ++id) {
    storage_->name(id, name_of(id));
    settings_.push_back({stage_.scenario.analyzers[id].spec.weight_units, false});
  }
  restore_balance();
}

DiskDaemon::~DiskDaemon() {
  if (storage_) storage_->close();  // it reads the packets' bytes, which are the loops'
}

bool DiskDaemon::open_storage() {
  storage::DiskStorageOptions options;
  options.log = parts_.scenario.log;
  options.notice = [this](const queue::LogNotice& notice) {
    stage_.journal.note("the log: notice {} of {} at {}, {}", static_cast<int>(notice.kind), notice.file, notice.offset,
                        notice.error ? notice.error.message() : std::to_string(notice.count));
  };
  options.clocks.steady = [this] { return stage_.timeline.now(); };
  options.clocks.unix_ns = [this] { return unix_ns(stage_.timeline.now()); };
  queue::OpenError error;
  storage_ = storage::DiskStorage::open(options, parts_.disk, bounds_, error);
  if (!storage_) failure_ = error.message.empty() ? "it does not say why" : error.message;
  return storage_ != nullptr;
}

void DiskDaemon::start() {
  const queue::LogRecovery& found = storage_->recovery();
  const ledger::Amount recovered{static_cast<std::int64_t>(found.packets), static_cast<std::int64_t>(found.messages)};
  loops_.front()->ledger().recovered(recovered);
  loops_.front()->ledger().spill_entered(recovered);
  storage_->start(*this);
  control_.wake();
  log_thread_.wake(stage_.timeline.now());
  backlog_thread_.wake(stage_.timeline.now());
  keep_balance_later();
}

void DiskDaemon::after_event() {
  const auto soon = [this] { return stage_.timeline.now() + stage_.draws.across(1us, 50us); };
  if (storage_->take_log_news()) log_thread_.wake(soon());
  if (storage_->take_backlog_news()) backlog_thread_.wake(soon());
}

TimePoint DiskDaemon::step_log() {
  const TimePoint next = storage_->step_log();
  if (!storage_->settlements_in_doubt()) parts_.nothing_in_doubt();
  return next;
}

/// As boost::asio::post: in their order, and a little later; when the thread that posts is through with it.
void DiskDaemon::post(LoopId loop, Timeline::Action action) {
  TimePoint from = stage_.timeline.now();
  for (const StepThread* const thread : {&log_thread_, &backlog_thread_}) {
    if (thread->is_stepping()) from = std::max(from, thread->busy_until());
  }
  posted_until_[loop] = std::max(posted_until_[loop], from + stage_.draws.across(1us, 50us));
  stage_.timeline.at(posted_until_[loop], std::move(action));
}

void DiskDaemon::reports_ready(LoopId loop) {
  post(loop, [this, loop] {
    storage_->collect(loop, stage_.timeline.now());
    loops_[loop]->arm_timer();
  });
}

void DiskDaemon::read_back(LoopId loop, std::vector<storage::ReadBackPacket> packets) {
  post(loop, [this, loop, packets = std::make_shared<std::vector<storage::ReadBackPacket>>(std::move(packets))] {
    take_back(loop, *packets);
  });
}

void DiskDaemon::exchange(LoopId loop, std::vector<storage::ReadBackPacket> packets) {
  post(loop, [this, loop, packets = std::make_shared<std::vector<storage::ReadBackPacket>>(std::move(packets))] {
    loops_[loop]->dispatcher().offer_ended();
    take_back(loop, *packets);
  });
}

void DiskDaemon::room_wanted() {
  for (LoopId id = 0; id < loops_.size(); ++id) post(id, [this, id] { loops_[id]->wake(); });
}

void DiskDaemon::lost(const ledger::Amount& packets) {
  post(0, [this, packets] {
    loops_.front()->ledger().spill_left(packets);
    loops_.front()->ledger().lost(packets);
  });
}

/// As server::Loop::read_back().
void DiskDaemon::take_back(LoopId loop, std::vector<storage::ReadBackPacket>& packets) {
  for (storage::ReadBackPacket& read : packets) restore(loop, read);
  loops_[loop]->arm_timer();
}

void DiskDaemon::restore(LoopId to, storage::ReadBackPacket& read) {
  Loop& loop = *loops_[to];
  const TimePoint now = stage_.timeline.now();
  const bool is_here = read.outcome == queue::FetchOutcome::here || read.outcome == queue::FetchOutcome::exchanged;
  if (is_here) parts_.read_back(read.stored, read.parked != nullptr);
  if (read.parked != nullptr) {
    if (is_here) {
      core::Buffer& body = read.parked->packet.body;
      body = loop.buffers().take(read.stored.body.size());
      body.append(read.stored.body);
      read.parked->store_place = read.stored.place;
    }
    return loop.dispatcher().fetched(*read.parked, read.outcome, now);
  }
  queue::Delivery& delivery = loop.dispatcher().make();
  delivery.packet.body = loop.buffers().take(read.stored.body.size());
  delivery.packet.body.append(read.stored.body);
  if (const auto metadata = queue::decode_metadata(read.stored.metadata)) delivery.packet.id = metadata->packet_id;
  if (const auto serial = serial_of(delivery.packet.id, stage_.trace.histories().size())) {
    stage_.trace.restore(*serial, to);
  }
  delivery.packet.messages = read.stored.messages;
  delivery.store_id = read.stored.id;
  delivery.store_place = read.stored.place;
  const Duration age(unix_ns(now) - read.stored.received_at_ns);
  const TimePoint admitted_at = now - std::max(age, Duration::zero());
  if (read.in_exchange) {
    loop.dispatcher().restore_in_exchange(delivery, admitted_at);
  } else {
    loop.dispatcher().restore(delivery, read.has_place, admitted_at);
  }
}

std::vector<storage::ConfiguredAnalyzer> DiskDaemon::configured() const {
  std::vector<storage::ConfiguredAnalyzer> analyzers;
  for (AnalyzerId id = 0; id < stage_.scenario.analyzers.size(); ++id) {
    analyzers.push_back({name_of(id), url_of(id), stage_.scenario.analyzers[id].spec.weight_units});
  }
  return analyzers;
}

/// As server::BalanceKeeper: from the log, before the first packet.
void DiskDaemon::restore_balance() {
  const auto& figures = storage_->recovery().balance;
  if (figures) {
    restored_ = storage::restore_balance(*figures, configured());
    std::vector<double> owed;
    for (AnalyzerId id = 0; id < settings_.size(); ++id) {
      const storage::RestoredAnalyzer& analyzer = restored_.analyzers[id];
      owed.push_back(analyzer.owed);
      if (!analyzer.weight) continue;
      settings_[id].weight = *analyzer.weight;
      balancer_.set_weight(id, *analyzer.weight);
    }
    balancer_.restore(owed, figures->largest_packet);
    for (auto id = static_cast<AnalyzerId>(settings_.size()); id-- > 0;) {
      if (!restored_.analyzers[id].drained) continue;
      settings_[id].drained = true;
      balancer_.set_drained(id, true, stage_.timeline.now());
    }
  }
  keep_balance();
}

queue::BalanceFigures DiskDaemon::figures_of(const dispatch::BalanceSnapshot& snapshot) const {
  queue::BalanceFigures figures;
  std::vector<std::uint64_t> in_flight;
  const std::vector<storage::ConfiguredAnalyzer> analyzers = configured();
  figures.largest_packet = snapshot.largest_packet;
  figures.max_debt = stage_.scenario.balancer.balance.max_debt;
  figures.taken_at_ns = kept_.taken_at_ns;
  for (AnalyzerId id = 0; id < settings_.size(); ++id) {
    const dispatch::BalanceSnapshot::Analyzer& now = snapshot.analyzers[id];
    queue::AnalyzerFigures& analyzer = figures.analyzers.emplace_back();
    analyzer.name = analyzers[id].name;
    analyzer.url = analyzers[id].url;
    analyzer.weight = settings_[id].weight;
    analyzer.configured_weight = analyzers[id].weight;
    analyzer.operator_weight = analyzer.weight != analyzer.configured_weight;
    analyzer.drained = settings_[id].drained;
    analyzer.in_service = now.in_service;
    analyzer.deficit = now.account.deficit;
    analyzer.debt = now.account.debt;
    in_flight.push_back(now.account.in_flight_messages);
    figures.max_debt =
        std::max(figures.max_debt, static_cast<std::uint64_t>(std::max(0.0, std::ceil(now.account.debt))));
  }
  figures.uncharge(in_flight);
  return figures;
}

queue::BalanceFigures DiskDaemon::figures() {
  queue::BalanceFigures figures;
  balancer_.snapshot([&](const dispatch::BalanceSnapshot& snapshot) { figures = figures_of(snapshot); });
  return figures;
}

void DiskDaemon::keep_balance() {
  parts_.balance_kept();
  balancer_.snapshot([this](const dispatch::BalanceSnapshot& snapshot) {
    queue::BalanceFigures figures = figures_of(snapshot);
    if (figures == kept_) return;
    figures.taken_at_ns = unix_ns(stage_.timeline.now());
    storage_->set_balance(figures, snapshot.version);
    kept_ = std::move(figures);
  });
}

void DiskDaemon::keep_balance_later() {
  stage_.timeline.after(1s + stage_.draws.between(Duration(0), lateness_max), [this] {
    keep_balance();
    keep_balance_later();
  });
}

void DiskDaemon::set_weight(AnalyzerId analyzer, std::uint64_t weight) {
  settings_[analyzer].weight = weight;
  balancer_.set_weight(analyzer, weight);
  keep_balance();
}

void DiskDaemon::set_drained(AnalyzerId analyzer, bool drained) {
  settings_[analyzer].drained = drained;
  balancer_.set_drained(analyzer, drained, stage_.timeline.now());
  keep_balance();
}

ledger::Terms DiskDaemon::terms() const {
  ledger::Terms sum;
  for (const auto& loop : loops_) sum += loop->books().terms;
  return sum;
}

void DiskDaemon::begin_drain() {
  for (const auto& loop : loops_) {
    loop->dispatcher().begin_drain(stage_.timeline.now());
    loop->arm_timer();
  }
}

bool DiskDaemon::is_settled() const {
  return storage_->packets_on_disk_only() == 0 &&
         std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->dispatcher().idle(); });
}

void DiskDaemon::give_up() {
  for (const auto& loop : loops_) {
    loop->dispatcher().give_up(stage_.timeline.now());
    loop->upstream().shutdown(stage_.timeline.now());
  }
}

bool DiskDaemon::has_attempts() const {
  return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->dispatcher().has_attempts(); });
}

void DiskDaemon::close() {
  keep_balance();
  storage_->close();
}

void DiskDaemon::cut() {
  for (const auto& loop : loops_) loop->upstream().cut();
}

void DiskDaemon::Letters::put(const sink::DeadLetter& letter) {
  stage.journal.note("packet {} is a dead letter: {}", letter.packet.id, to_string(letter.reason));
  stage.trace.dead_letter(letter.packet.id, letter.reason);
}

}  // namespace logdist::sim
