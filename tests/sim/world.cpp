#include "tests/sim/world.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;

namespace {

/// The feeding agent's pause: each packet is settled before the next one comes.
constexpr Duration feeding_pause = 20ms;

std::vector<dispatch::AnalyzerSpec> specs(const Scenario& scenario) {
  std::vector<dispatch::AnalyzerSpec> specs;
  for (const AnalyzerPlan& plan : scenario.analyzers) specs.push_back(plan.spec);
  return specs;
}

}  // namespace

World::World(const Scenario& scenario)
    : scenario_(scenario),
      draws_(scenario.seed ^ 0x517),
      trace_(scenario.loops),
      stage_{scenario_, timeline_, draws_, journal_, trace_, analyzers_},
      bounds_(scenario.queue_packets, scenario.queue_bytes),
      bodies_(scenario.buffered_bytes, scenario.small_body_max),
      balancer_(scenario.balancer, specs(scenario), scenario.loops, *this, timeline_.now()),
      control_(stage_, balancer_) {
  for (LoopId id = 0; id < scenario.loops; ++id) {
    loops_.push_back(std::make_unique<Loop>(stage_, id, balancer_, bounds_, letters_));
  }
  for (const AnalyzerPlan& plan : scenario.analyzers) enter(plan);
  for (const Change& change : scenario_.changes) {
    timeline_.after(change.after, [this, &change] { make(change); });
  }
  for (const AgentPlan& plan : scenario.agents) {
    agents_.push_back(std::make_unique<Agent>(stage_, plan, *loops_[plan.loop], bodies_, rates_of(plan.client)));
    agents_.back()->start();
  }
  control_.wake();
}

/// The load balancer has given it the next id, or is about to.
void World::enter(const AnalyzerPlan& plan) {
  const auto id = static_cast<AnalyzerId>(analyzers_.size());
  analyzers_.push_back(std::make_unique<Analyzer>(plan, draws_.seed()));
  configured_.push_back(plan.spec);
  present_.push_back(id);
  if (!plan.spells.empty()) timeline_.after(Duration(0), [this, id] { begin_spell(id, 0); });
}

void World::make(const Change& change) {
  if (healed_ || draining_) return;
  const AnalyzerId whom = present_[change.whom % present_.size()];
  const dispatch::AnalyzerSpec& wanted = change.plan.spec;
  switch (change.kind) {
    case Change::Kind::add: add(change.plan); break;
    case Change::Kind::remove:
      if (present_.size() > 1) remove(whom);
      break;
    case Change::Kind::set_weight:
      journal_.note("analyzer {} gets weight {}", whom, wanted.weight_units);
      configured_[whom].weight_units = wanted.weight_units;
      balancer_.set_weight(whom, wanted.weight_units);
      break;
    case Change::Kind::set_max_in_flight:
      journal_.note("analyzer {} gets at most {} packets", whom, wanted.max_in_flight);
      configured_[whom].max_in_flight = wanted.max_in_flight;
      balancer_.set_max_in_flight(whom, wanted.max_in_flight, now());
      break;
    case Change::Kind::turn_drain: set_drained(whom, !drained(whom)); break;
  }
}

void World::add(const AnalyzerPlan& plan) {
  journal_.note("analyzer {} is added with weight {}", analyzers_.size(), plan.spec.weight_units);
  enter(plan);
  balancer_.add(plan.spec, now());
}

bool World::anyone_takes(core::Protocol format) const {
  return std::ranges::any_of(present_, [&](AnalyzerId analyzer) { return takes(analyzer, format); });
}

bool World::all_out_for(AnalyzerId analyzer, const std::vector<dispatch::AnalyzerView>& views) const {
  for (std::size_t i = 0; i < core::protocol_count; ++i) {
    const auto format = static_cast<core::Protocol>(i);
    bool is_served = !takes(analyzer, format);
    for (AnalyzerId id = 0; id < views.size() && !is_served; ++id) {
      is_served = views[id].in_service && takes(id, format);
    }
    if (!is_served) return true;
  }
  return false;
}

void World::remove(AnalyzerId analyzer) {
  journal_.note("analyzer {} is removed", analyzer);
  std::erase(present_, analyzer);
  balancer_.remove(analyzer, now());
}

void World::set_drained(AnalyzerId analyzer, bool drained) {
  journal_.note("analyzer {} is {}", analyzer, drained ? "drained" : "no longer drained");
  if (drained) {
    drained_.insert(analyzer);
  } else {
    drained_.erase(analyzer);
  }
  balancer_.set_drained(analyzer, drained, now());
}

void World::begin_spell(AnalyzerId analyzer, std::size_t index) {
  const std::vector<Spell>& spells = analyzers_[analyzer]->plan().spells;
  if (healed_ || index >= spells.size()) return;
  const Spell& spell = spells[index];
  journal_.note("analyzer {} is {} now ({:.0f} %)", analyzer, to_string(spell.fault_mode), 100 * spell.portion);
  analyzers_[analyzer]->begin(spell);
  if (spell.capacity > 0) {
    const auto loop = draws_.between<std::size_t>(0, loops_.size() - 1);
    configured_[analyzer].capacity = spell.capacity;
    loops_[loop]->dispatcher().capacity_changed(analyzer, spell.capacity, now());
  }
  timeline_.after(spell.lasts, [this, analyzer, index] { begin_spell(analyzer, index + 1); });
}

void World::stop_agents() {
  for (const auto& agent : agents_) agent->stop();
}

void World::heal_analyzers() {
  // The operator has removed the last one that takes what an agent speaks, and brings another.
  const bool is_missing = !std::ranges::all_of(scenario_.spoken, [this](auto format) { return anyone_takes(format); });
  if (is_missing) {
    timeline_.after(Duration(0), [this] {
      add(AnalyzerPlan{{1, 20, 20}, 2ms, 1, {}});
      analyzers_.back()->heal();
    });
  }
  healed_ = true;
  for (const auto& analyzer : analyzers_) analyzer->heal();
  for (const AnalyzerId analyzer : present_) {
    if (drained(analyzer)) timeline_.after(Duration(0), [this, analyzer] { set_drained(analyzer, false); });
  }
}

void World::start_feeding(std::uint32_t messages_max) {
  AgentPlan plan;
  plan.loop = static_cast<LoopId>(draws_.between<std::size_t>(0, loops_.size() - 1));
  plan.pause = feeding_pause;
  plan.messages_max = messages_max;
  plan.spoken = scenario_.spoken;
  agents_.push_back(std::make_unique<Agent>(stage_, plan, *loops_[plan.loop], bodies_, rates_of(plan.client)));
  agents_.back()->start();
}

ingest::ClientRates* World::rates_of(std::size_t client) {
  if (client == 0) return nullptr;
  while (clients_.size() < client) clients_.push_back(std::make_unique<ingest::ClientRates>());
  return clients_[client - 1].get();
}

std::uint32_t World::places_of(std::size_t client) const {
  return client <= clients_.size() ? clients_[client - 1]->places.held() : 0;
}

void World::stop_feeding() { agents_.back()->stop(); }

void World::begin_drain() {
  draining_ = true;
  stop_agents();
  journal_.note("draining");
  for (const auto& loop : loops_) loop->dispatcher().begin_drain(now());
}

void World::give_up() {
  giving_up_ = true;
  journal_.note("the grace is over");
  for (const auto& loop : loops_) {
    loop->dispatcher().give_up(now());
    loop->upstream().shutdown(now());
  }
}

void World::write_letters() {
  std::vector<TimePoint> oldest;
  for (const auto& loop : loops_) oldest.push_back(loop->dispatcher().oldest_left());
  for (;;) {
    const auto first = std::min_element(oldest.begin(), oldest.end());
    if (*first == never) return;
    dispatch::Dispatcher& dispatcher = loops_[static_cast<std::size_t>(first - oldest.begin())]->dispatcher();
    *first = never;
    dispatcher.dead_letter_until(*std::min_element(oldest.begin(), oldest.end()));
    *first = dispatcher.oldest_left();
  }
}

void World::Letters::put(const sink::DeadLetter& letter) {
  world.journal_.note("packet {} is a dead letter: {}", letter.packet.id, to_string(letter.reason));
  world.trace_.dead_letter(letter.packet.id, letter.reason, letter.packet.protocol);
}

std::vector<Agent::Body> World::agents_bodies() const {
  std::vector<Agent::Body> bodies;
  for (const auto& agent : agents_) bodies.push_back(agent->body(scenario_.small_body_max));
  return bodies;
}

ledger::Terms World::terms() const {
  ledger::Terms sum;
  for (const auto& loop : loops_) sum += loop->books().terms;
  return sum;
}

telemetry::Scrape World::scrape() const {
  telemetry::Scrape scrape;
  for (const auto& loop : loops_) scrape.books += loop->books();
  scrape.queue_packets = {bounds_.packets(), bounds_.max_packets()};
  scrape.queue_bytes = {bounds_.bytes(), bounds_.max_bytes()};
  scrape.buffered_bytes = {bodies_.held_bytes(), bodies_.max_bytes()};
  const std::vector<dispatch::AnalyzerView> all = views();
  for (AnalyzerId id = 0; id < all.size(); ++id) {
    const dispatch::AnalyzerView& view = all[id];
    scrape.analyzers.push_back({id,
                                std::to_string(id),
                                {},
                                static_cast<double>(weight_units(id)),
                                view.state,
                                view.in_service,
                                view.paused,
                                view.slots,
                                view.failures,
                                view.account,
                                view.drained});
  }
  return scrape;
}

bool World::quiet() const {
  return !control_.tick_pending() &&
         std::none_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->turn_pending(); });
}

bool World::idle() const {
  return std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->dispatcher().idle(); });
}

std::size_t World::given_up() const {
  std::size_t sum = 0;
  for (const auto& loop : loops_) sum += loop->dispatcher().given_up();
  return sum;
}

}  // namespace logdist::sim
