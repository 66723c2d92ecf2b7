#include "logdist/ingest/dialects/answers.hpp"

#include <algorithm>

#include "ingest/dialects/dialects.hpp"
#include "logdist/base/check.hpp"

namespace logdist::ingest {

std::optional<unsigned> status_with_packet_id(Dialect dialect, bool delivered) {
  switch (dialect) {
    case Dialect::packet: return delivered ? 200 : 202;
    case Dialect::gelf: return 202;
    case Dialect::events: return 200;
    default: return std::nullopt;
  }
}

Reply success_reply(const Question& question, const Success& success) {
  switch (question.dialect) {
    case Dialect::otlp_json: return otlp_success(false);
    case Dialect::otlp_protobuf: return otlp_success(true);
    case Dialect::hec: return hec_success(success);
    case Dialect::datadog: return {202, json_type, {}, "{}"};
    case Dialect::elasticsearch: return bulk_reply({});
    case Dialect::journal: return journal_success();
    case Dialect::firehose: return firehose_success(question);
    case Dialect::loki:
    case Dialect::logplex: return {204, {}, {}, {}};
    case Dialect::packet:
    case Dialect::gelf:
    case Dialect::events: break;
  }
  check_failed("a dialect that does not answer with the packet's id", __FILE__, __LINE__);
}

std::uint32_t relayed_answer_bytes_max(core::Protocol protocol, std::uint32_t messages) {
  constexpr std::uint32_t of_answer = 4 * 1024;
  // An item of Elasticsearch has some 200 bytes, and twice as much where it says what is wrong.
  constexpr std::uint32_t of_action = 512;
  constexpr std::uint32_t actions_max = 100'000;
  if (protocol != core::Protocol::elasticsearch) return of_answer;
  return of_answer + of_action * std::min(messages, actions_max);
}

Reply problem_reply(const Question& question, const Problem& problem) {
  switch (question.dialect) {
    case Dialect::otlp_json: return otlp_problem(false, problem);
    case Dialect::otlp_protobuf: return otlp_problem(true, problem);
    case Dialect::loki: return loki_problem(problem);
    case Dialect::hec: return hec_problem(problem);
    case Dialect::elasticsearch: return elastic_problem(problem);
    case Dialect::datadog: return datadog_problem(problem);
    case Dialect::journal: return journal_problem(problem);
    case Dialect::firehose: return firehose_problem(question, problem);
    case Dialect::packet:
    case Dialect::gelf:
    case Dialect::logplex:
    case Dialect::events: break;
  }
  return problem_json(problem);
}

}  // namespace logdist::ingest
