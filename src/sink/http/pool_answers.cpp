// How answers end attempts.
#include <algorithm>
#include <chrono>
#include <utility>

#include "logdist/core/packet.hpp"
#include "logdist/retry/classify.hpp"
#include "sink/http/answer_error.hpp"
#include "sink/http/pool.hpp"
#include "sink/http/pool_manager.hpp"

namespace logdist::sink {
namespace {

/// Only a Retry-After that is a date asks for the time of day.
retry::Classification classify(const AnswerHead& answer) {
  if (answer.retry_after.empty()) return retry::classify(answer.status, {}, 0);
  const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
  return retry::classify(answer.status, answer.retry_after,
                         std::chrono::duration_cast<std::chrono::seconds>(unix_time).count());
}

bool is_success(unsigned status) { return status >= 200 && status <= 299; }

}  // namespace

bool Pool::answered(Connection& connection, const AnswerHead& answer, TimePoint now) {
  Pipeline& pipeline = connection.pipeline();
  Connection::Notes& notes = connection.notes;
  const bool early = !notes.asked_before || !pipeline.front_written();
  if (early && is_success(answer.status)) {  // it cannot have what it says it took
    ended(connection, End::broken_http, make_error_code(AnswerError::early), now);
    return false;
  }
  const bool is_read = native_ && is_success(answer.status);
  if (is_read) connection.read_body_of(*pipeline.front().attempt->packet);
  const retry::Classification classification = classify(answer);
  // One that went alone had failed before, and may do so slowly again.
  if (!pipeline.front().attempt->alone)
    latency_.on_answer(std::max(manager_.last_poll_time(now) - notes.waiting_since, Duration::zero()), now);
  notes.waiting_since = now;
  notes.answered_at = now;
  const bool keeps = depth_.on_answer(answer.keep_alive, ++notes.answers, now);
  if (++notes.clean_answers >= notes.depth) {
    notes.clean_answers = 0;
    notes.depth = std::min(notes.depth * 2, depth_.ceiling());
  }
  const core::AttemptResult result{classification.outcome, answer.status, classification.pause, true, {}};
  core::Attempt& attempt = take_front(connection);
  if (is_read && attempt.packet->answer_bytes_max > 0) {
    connection.held = {&attempt, result};
  } else {
    manager_.attempt_ended(attempt, result);
  }
  note_ceiling();
  notes.last = !keeps;
  if (!early) return true;
  ended(connection, End::last_answer, {}, now);
  return false;
}

bool Pool::answer_ended(Connection& connection, TimePoint now) {
  manager_.stop_body_clock(connection);
  if (native_) count_refused(connection);
  end_held(connection, true);
  if (!connection.notes.last) return true;
  ended(connection, End::last_answer, {}, now);
  return false;
}

/// Of a body that was cut: those it has told of.
void Pool::count_refused(Connection& connection) {
  const std::uint32_t messages = connection.native_answer().end_refused();
  if (messages != 0) manager_.messages_refused(analyzer_, messages);
}

/// Its head has delivered the packet, whatever became of the body: without a whole one the agent gets our own answer.
void Pool::end_held(Connection& connection, bool is_whole) {
  if (!connection.held) return;
  const Connection::Held held = *std::exchange(connection.held, std::nullopt);
  if (is_whole) held.attempt->answer = connection.native_answer().take();
  manager_.attempt_ended(*held.attempt, held.result);
}

/// The answer has been given, its body is still to come: that has its time, and what stands behind the
/// last answer has no reason to wait for it.
void Pool::settle_body(Connection& connection, TimePoint now) {
  const bool is_new = manager_.start_body_clock(connection, now);
  if (is_new && connection.notes.last) give_up(connection, End::last_answer, {});
}

}  // namespace logdist::sink
