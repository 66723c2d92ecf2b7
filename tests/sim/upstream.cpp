#include "tests/sim/upstream.hpp"

#include <utility>

#include "logdist/base/check.hpp"
#include "logdist/core/packet.hpp"
#include "logdist/retry/classify.hpp"

namespace logdist::sim {

using core::AttemptResult;
using Kind = Reply::Kind;

namespace {

AttemptResult result_of(Outcome outcome, bool counts_for_health = true) {
  AttemptResult result;
  result.outcome = outcome;
  result.counts_for_health = counts_for_health;
  return result;
}

}  // namespace

void Upstream::send(core::Attempt& attempt, TimePoint) {
  stage_.trace.send(attempt);
  const PacketHistory& history = stage_.trace.history(attempt.packet->id);
  LOGDIST_CHECK(attempt.packet->body.size() == history.bytes);
  Analyzer& analyzer = *stage_.analyzers[attempt.analyzer];
  ++last_ticket_;
  const std::uint32_t shared = stage_.draws.between(1u, analyzer.plan().connections);
  // Connections above all shared ones are for one packet each.
  const std::uint64_t connection = attempt.alone ? analyzer.plan().connections + last_ticket_ : shared;
  under_way_.emplace(last_ticket_, UnderWay{&attempt, connection, analyzer.reply(history.trait, attempt.analyzer)});
  gathered_.push_back(last_ticket_);
}

void Upstream::flush(TimePoint) {
  for (const Ticket ticket : std::exchange(gathered_, {})) {
    const auto found = under_way_.find(ticket);
    if (found == under_way_.end()) continue;  // recalled
    const Reply& reply = found->second.reply;
    if (reply.kind == Kind::no_connection && reply.ends_after == Duration::zero()) {
      finish(ticket);  // as some connects fail at once
    } else {
      stage_.timeline.after(reply.written_after, [this, ticket] { write(ticket); });
    }
  }
}

void Upstream::recall(AnalyzerId analyzer, TimePoint) {
  std::vector<Ticket> unsent;
  for (const auto& [ticket, sent] : under_way_) {
    if (sent.attempt->analyzer == analyzer && !sent.written) unsent.push_back(ticket);
  }
  for (const Ticket ticket : unsent) end(ticket, result_of(Outcome::unsent));
}

void Upstream::shutdown(TimePoint) {
  while (!under_way_.empty()) {
    const auto& [ticket, sent] = *under_way_.begin();
    const Outcome outcome = sent.written ? Outcome::connection_broken : Outcome::unsent;
    end(ticket, result_of(outcome, false));
  }
}

void Upstream::cut() {
  for (const auto& [ticket, sent] : std::exchange(under_way_, {})) {
    if (!sent.written || !sent.reply.takes || stage_.draws.chance(0.5)) continue;
    stage_.trace.take(stage_.trace.history(sent.attempt->packet->id));
  }
}

void Upstream::write(Ticket ticket) {
  const auto found = under_way_.find(ticket);
  if (found == under_way_.end()) return;
  UnderWay& sent = found->second;
  const Duration limit = stage_.scenario.delivery_timeout;
  sent.written = sent.reply.kind != Kind::no_connection;
  if (sent.reply.kind == Kind::silence || sent.reply.ends_after >= limit) {
    stage_.timeline.after(limit, [this, ticket] { expire(ticket); });
  } else {
    stage_.timeline.after(sent.reply.ends_after, [this, ticket] { finish(ticket); });
  }
}

void Upstream::expire(Ticket ticket) {
  const auto found = under_way_.find(ticket);
  if (found == under_way_.end()) return;
  const bool connected = found->second.written;
  end(ticket, result_of(connected ? Outcome::timeout : Outcome::connect_error));
}

void Upstream::finish(Ticket ticket) {
  const auto found = under_way_.find(ticket);
  if (found == under_way_.end()) return;
  const UnderWay& sent = found->second;
  if (sent.reply.kind == Kind::reset) {
    break_connection(sent.attempt->analyzer, sent.connection);
  } else {
    end(ticket, judge(sent.reply));
  }
}

/// One failure, however many packets were under way on the connection: that of the first,
/// whichever of them broke it.
void Upstream::break_connection(AnalyzerId analyzer, std::uint64_t connection) {
  std::vector<Ticket> broken;
  for (const auto& [ticket, sent] : under_way_) {
    if (sent.attempt->analyzer == analyzer && sent.connection == connection && sent.written) broken.push_back(ticket);
  }
  for (const Ticket ticket : broken) {
    AttemptResult result = result_of(Outcome::connection_broken, ticket == broken.front());
    result.in_company = broken.size() > 1;
    end(ticket, result);
  }
}

void Upstream::end(Ticket ticket, const AttemptResult& result) {
  const auto ended = under_way_.extract(ticket);
  const UnderWay& sent = ended.mapped();
  PacketHistory& history = stage_.trace.history(sent.attempt->packet->id);
  if (sent.written && sent.reply.takes) stage_.trace.take(history);
  stage_.journal.note("packet {} at analyzer {}: {} {}{}", history.serial, sent.attempt->analyzer,
                      to_string(result.outcome), result.status, result.counts_for_health ? "" : ", not counted");
  stage_.trace.end_attempt(history, result);
  listener_->attempt_ended(*sent.attempt, result, stage_.timeline.now());
}

AttemptResult Upstream::judge(const Reply& reply) const {
  if (reply.kind == Kind::no_connection) return result_of(Outcome::connect_error);
  if (reply.kind == Kind::nonsense) return result_of(Outcome::protocol_error);
  const auto now = std::chrono::floor<std::chrono::seconds>(stage_.timeline.now().time_since_epoch());
  const retry::Classification classification = retry::classify(reply.status, reply.retry_after, now.count());
  AttemptResult result = result_of(classification.outcome);
  result.status = reply.status;
  result.pause = classification.pause;
  return result;
}

}  // namespace logdist::sim
