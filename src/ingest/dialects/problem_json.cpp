// Errors of our own protocol, and of those that have no form for them.
#include <fmt/format.h>
#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {

std::string_view reason_phrase(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {reason.data(), reason.size()};
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string text_of(const Problem& problem) {
  if (!problem.offset) return std::string(problem.detail);
  return fmt::format("{}, at byte {}", problem.detail, *problem.offset);
}

Reply problem_json(const Problem& problem) {
  nlohmann::ordered_json body{{"type", "about:blank"},
                              {"title", reason_phrase(problem.status)},
                              {"status", problem.status},
                              {"detail", text_of(problem)}};
  if (problem.offset) body["offset"] = *problem.offset;
  return {problem.status, "application/problem+json", {}, dump(body)};
}

}  // namespace logdist::ingest
