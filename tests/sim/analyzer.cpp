#include "tests/sim/analyzer.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;
using Kind = Reply::Kind;

namespace {

constexpr Duration healed_latency = 2ms;

/// As an agent with such habits makes them: see AgentPlan.
Trait draw_trait(Draws& draws, const AgentPlan& plan) {
  Trait trait;
  if (draws.chance(plan.rejected_by_all)) {
    trait.kind = Trait::Kind::status;
    trait.status = draws.one_of({400u, 402u, 406u, 409u, 410u, 413u, 415u, 418u, 422u, 431u, 451u, 499u});
  }
  if (!draws.chance(plan.poisonous)) return trait;
  trait.kind = plan.harm ? *plan.harm : static_cast<Trait::Kind>(draws.between(1, Trait::last_kind));
  trait.status = draws.chance(0.5) ? draws.one_of({500u, 403u, 302u, 404u, 599u}) : draws.between(100u, 599u);
  if (trait.status / 100 == 2) trait.status = 500;
  if (draws.chance(plan.somewhere)) trait.where = draws.seed();
  return trait;
}

}  // namespace

Trait TraitSequence::next(Draws& draws, const AgentPlan& plan) {
  if (left_ > 0) {
    --left_;
    return bad_;
  }
  const Trait trait = draw_trait(draws, plan);
  if (trait.is_bad()) {
    bad_ = trait;
    left_ = plan.poison_run - 1;
  }
  return trait;
}

Analyzer::Analyzer(const AnalyzerPlan& plan, std::uint64_t seed) : plan_(plan), draws_(seed) {}

void Analyzer::begin(const Spell& spell) {
  if (!healed_) spell_ = spell;
}

void Analyzer::heal() {
  healed_ = true;
  spell_ = {};
}

Reply Analyzer::reply(const Trait& trait, AnalyzerId self) {
  if (healed_) return {.written_after = 10us, .ends_after = healed_latency, .retry_after = {}};
  Reply reply = draws_.chance(spell_.portion) ? moody_reply() : with_status(200);
  // Now and then it takes long to get a connection.
  reply.written_after = draws_.chance(0.1) ? draws_.across(1ms, 1s) : draws_.across(5us, 1ms);
  if (reply.kind == Kind::answer && trait.is_bad_at(self)) befall(reply, trait);
  if (reply.kind == Kind::answer) reply.takes = reply.status == 200;
  return reply;
}

void Analyzer::befall(Reply& reply, const Trait& trait) {
  reply.retry_after.clear();
  switch (trait.kind) {
    case Trait::Kind::ordinary: return;
    case Trait::Kind::status: reply.status = trait.status; return;
    case Trait::Kind::drop:
    case Trait::Kind::reset:
    case Trait::Kind::late: reply.kind = Kind::reset; break;
    case Trait::Kind::nonsense: reply.kind = Kind::nonsense; break;
    case Trait::Kind::silence: reply.kind = Kind::silence; break;
  }
  if (trait.kind == Trait::Kind::reset) reply.ends_after = draws_.across(5us, 100us);
  if (trait.kind == Trait::Kind::late) reply.ends_after = draws_.across(200ms, 1500ms);
  reply.takes = false;
}

Reply Analyzer::with_status(unsigned status, std::string retry_after) {
  return {.ends_after = draws_.across(plan_.latency / 2, plan_.latency * 2),
          .status = status,
          .retry_after = std::move(retry_after)};
}

Reply Analyzer::moody_reply() {
  Reply reply = with_status(200);
  const auto seconds = [this] { return draws_.one_of<const char*>({"0", "1", "2", "5", "", "soon", "100000"}); };
  switch (spell_.fault_mode) {
    case FaultMode::steady: break;
    case FaultMode::heavy_tailed: reply.ends_after = draws_.heavy_tailed(plan_.latency); break;
    case FaultMode::stuck:
      reply.kind = Kind::silence;
      reply.takes = draws_.chance(0.5);
      break;
    case FaultMode::unreachable:
      reply.kind = Kind::no_connection;
      reply.ends_after = draws_.chance(0.3) ? 0ms : draws_.across(50us, 2s);
      reply.takes = false;
      break;
    case FaultMode::resets_untaken:
    case FaultMode::resets_taken:
      reply.kind = Kind::reset;
      reply.takes = spell_.fault_mode == FaultMode::resets_taken;
      break;
    case FaultMode::slow_bytes: reply.ends_after = draws_.across(100ms, 20s); break;
    case FaultMode::throttling: return with_status(429, seconds());
    case FaultMode::overloaded: return with_status(503, draws_.one_of<const char*>({"0", "1", "3"}));
    case FaultMode::failing:
      return with_status(draws_.one_of({500u, 502u, 503u, 301u, 401u, 403u, 405u, 407u, 408u, 421u, 425u}));
    case FaultMode::path_missing: return with_status(404);
    case FaultMode::rejecting: return with_status(draws_.one_of({400u, 402u, 413u, 415u, 417u, 422u, 431u}));
    case FaultMode::talking_nonsense:
      reply.kind = Kind::nonsense;
      reply.takes = draws_.chance(0.5);
      break;
  }
  return reply;
}

ProbeReply Analyzer::probe() {
  using health::ProbeResult;
  if (healed_) return {healed_latency, ProbeResult::passed};
  const Duration soon = draws_.across(plan_.latency / 2, plan_.latency * 2);
  const bool concerned = draws_.chance(spell_.portion);
  if (!concerned) return {soon, ProbeResult::passed};
  switch (spell_.fault_mode) {
    case FaultMode::stuck:
    case FaultMode::slow_bytes: return {1h, ProbeResult::passed};  // the time limit comes first
    case FaultMode::unreachable:
    case FaultMode::resets_untaken:
    case FaultMode::resets_taken:
    case FaultMode::talking_nonsense: return {soon, ProbeResult::failed};
    case FaultMode::failing: return {soon, draws_.one_of({ProbeResult::passed, ProbeResult::failed})};
    case FaultMode::path_missing: return {soon, ProbeResult::missing};
    default: return {soon, ProbeResult::passed};
  }
}

}  // namespace logdist::sim
