#include "tests/sim/analyzer.hpp"

namespace logdist::sim {

using namespace std::chrono_literals;
using Kind = Reply::Kind;

namespace {

constexpr Duration healed_latency = 2ms;

}  // namespace

Analyzer::Analyzer(const AnalyzerPlan& plan, std::uint64_t seed) : plan_(plan), draws_(seed) {}

void Analyzer::begin(const Spell& spell) {
  if (!healed_) spell_ = spell;
}

void Analyzer::heal() {
  healed_ = true;
  spell_ = {};
}

Reply Analyzer::reply(Trait trait) {
  if (healed_) return {.written_after = 10us, .ends_after = healed_latency, .retry_after = {}};
  Reply reply = draws_.chance(spell_.portion) ? moody_reply() : with_status(200);
  // Now and then it takes long to get a connection.
  reply.written_after = draws_.chance(0.1) ? draws_.across(1ms, 1s) : draws_.across(5us, 1ms);
  if (reply.kind == Kind::answer && trait == Trait::rejected_by_all)
    reply.status = draws_.one_of({400u, 413u, 415u, 422u});
  if (reply.kind == Kind::answer && trait == Trait::poisonous) reply.status = 500;
  if (reply.kind == Kind::answer) reply.takes = reply.status == 200;
  return reply;
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
    case FaultMode::failing: return with_status(draws_.one_of({500u, 502u, 503u}));
    case FaultMode::path_missing: return with_status(404);
    case FaultMode::rejecting: return with_status(draws_.one_of({400u, 413u, 415u, 422u}));
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
