// Datadog: 202 and an empty object, errors in a list.
#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {

Reply datadog_problem(const Problem& problem) {
  const nlohmann::ordered_json error{{"status", std::to_string(problem.status)},
                                     {"title", reason_phrase(problem.status)},
                                     {"detail", text_of(problem)}};
  return {problem.status, json_type, {}, dump({{"errors", nlohmann::ordered_json::array({error})}})};
}

}  // namespace logdist::ingest
