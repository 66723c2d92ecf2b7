// What one connection is told, and what it is answered.
#pragma once

#include <optional>
#include <vector>

#include "case.hpp"
#include "tests/ingest/port.hpp"

namespace logdist::http_cases {

/// Sends a case's bytes and reads its answers. The expected outcomes say when there is no more to be read; then a
/// request of our own, and the end of sending, tell whether the connection is kept. No time is waited for.
class Dialogue {
 public:
  Dialogue(const Case& one, ingest::test::Client client, bool byte_by_byte);

  /// Plays the case. False when no outcome fits, after it has become a failure of the running test.
  bool play();

  const std::vector<ingest::test::Answer>& answers() const { return answers_; }

 private:
  void send(std::string_view bytes);
  bool read_next();
  bool read_all();
  bool ends_as_it_should();
  void narrow(unsigned status);
  bool wants_more() const;
  bool may_end_now(Outcome::Ending ending) const;
  bool refused() const;
  bool fail(std::string_view what) const;

  const Case& case_;
  ingest::test::Client client_;
  const bool byte_by_byte_;
  std::vector<Outcome> possible_;
  std::vector<ingest::test::Answer> answers_;
  bool closed_ = false;
  bool half_closed_ = false;
};

}  // namespace logdist::http_cases
