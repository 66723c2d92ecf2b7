// Amazon Data Firehose: the request's id again, and when.
#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {

Reply firehose_success(const Question& question) {
  return {200, json_type, {}, dump({{"requestId", question.packet_id}, {"timestamp", question.unix_ms}})};
}

Reply firehose_problem(const Question& question, const Problem& problem) {
  return {
      problem.status,
      json_type,
      {},
      dump({{"requestId", question.packet_id}, {"timestamp", question.unix_ms}, {"errorMessage", text_of(problem)}})};
}

}  // namespace logdist::ingest
