#include "dialogue.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace logdist::http_cases {
namespace {

using ingest::test::Answer;

/// The request that shows whether the connection is kept, and in step: neither port has this path.
constexpr std::string_view marker = "GET /marker HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr unsigned marker_status = 404;

std::string to_text(const Outcome& outcome) {
  std::string text;
  for (const ExpectedAnswer& answer : outcome.answers) text += fmt::format("{} ", fmt::join(answer.statuses, "|"));
  return text + (outcome.ending == Outcome::Ending::kept     ? "kept"
                 : outcome.ending == Outcome::Ending::closed ? "closed"
                                                             : "any");
}

}  // namespace

Dialogue::Dialogue(const Case& one, ingest::test::Client client, bool byte_by_byte)
    : case_(one), client_(std::move(client)), byte_by_byte_(byte_by_byte), possible_(one.outcomes) {}

bool Dialogue::play() {
  try {
    for (const Step& step : case_.steps) {
      switch (step.kind) {
        case Step::Kind::send: send(step.bytes); break;
        case Step::Kind::wait:
          if (!read_next()) return fail("no answer was given to what was sent first");
          break;
        case Step::Kind::half_close:
          client_.shutdown_send();
          half_closed_ = true;
          break;
      }
    }
    return read_all() && ends_as_it_should();
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

/// A port that has closed already shows when its answer is read.
void Dialogue::send(std::string_view bytes) {
  if (!byte_by_byte_) {
    client_.try_send(bytes);
    return;
  }
  for (std::size_t at = 0; at < bytes.size() && client_.try_send(bytes.substr(at, 1)); ++at) {
  }
}

/// False when the connection ended instead, or no outcome allows what came.
bool Dialogue::read_next() {
  const std::size_t index = answers_.size();
  const bool to_head = std::any_of(possible_.begin(), possible_.end(), [index](const Outcome& outcome) {
    return outcome.answers.size() > index && outcome.answers[index].to_head;
  });
  std::optional<Answer> answer = client_.read(to_head);
  if (!answer) {
    closed_ = true;
    return false;
  }
  answers_.push_back(std::move(*answer));
  narrow(answers_.back().status);
  return !possible_.empty();
}

/// Keeps the outcomes whose next answer may have this status.
void Dialogue::narrow(unsigned status) {
  const std::size_t index = answers_.size() - 1;
  std::erase_if(possible_, [index, status](const Outcome& outcome) {
    return outcome.answers.size() <= index || !outcome.answers[index].allows(status);
  });
}

bool Dialogue::wants_more() const {
  return std::any_of(possible_.begin(), possible_.end(),
                     [this](const Outcome& outcome) { return outcome.answers.size() > answers_.size(); });
}

bool Dialogue::read_all() {
  while (wants_more()) {
    if (read_next()) continue;
    if (!closed_) return fail("another answer than expected");
    // Where a request was refused before all of it had come, the rest may end with the connection.
    if (byte_by_byte_ && refused()) return true;
    std::erase_if(possible_, [this](const Outcome& outcome) { return outcome.answers.size() != answers_.size(); });
    if (possible_.empty()) return fail("the connection ended instead of an answer");
  }
  return true;
}

bool Dialogue::refused() const { return !answers_.empty() && answers_.back().status >= 400; }

bool Dialogue::may_end_now(Outcome::Ending ending) const {
  return std::any_of(possible_.begin(), possible_.end(), [this, ending](const Outcome& outcome) {
    return outcome.answers.size() == answers_.size() &&
           (outcome.ending == ending || outcome.ending == Outcome::Ending::any);
  });
}

bool Dialogue::ends_as_it_should() {
  if (closed_) {
    const bool cut = byte_by_byte_ && refused();
    return cut || may_end_now(Outcome::Ending::closed) || fail("the connection ended, though it should be kept");
  }
  if (!may_end_now(Outcome::Ending::kept) || half_closed_) {  // must close of its own accord, or for our end
    return client_.ends() || fail("an answer more than expected");
  }
  const bool sent = client_.try_send(marker);
  if (sent) client_.shutdown_send();
  const std::optional<Answer> answer = client_.read();
  if (!answer) {
    const bool may_close = may_end_now(Outcome::Ending::closed) || (byte_by_byte_ && refused());
    return may_close || fail("the connection ended, though it should be kept");
  }
  if (answer->status != marker_status) return fail(fmt::format("the next request was answered {}", answer->status));
  return client_.ends() || fail("an answer more than expected");
}

bool Dialogue::fail(std::string_view what) const {
  std::string came;
  for (const Answer& answer : answers_) came += fmt::format("{} {}\n", answer.status, answer.body.substr(0, 300));
  std::string wanted;
  for (const Outcome& outcome : case_.outcomes) wanted += to_text(outcome) + '\n';
  ADD_FAILURE() << what << (byte_by_byte_ ? " (byte by byte)" : "") << "\nexpected:\n" << wanted << "came:\n" << came;
  return false;
}

}  // namespace logdist::http_cases
