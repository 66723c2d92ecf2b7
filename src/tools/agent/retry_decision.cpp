#include "logdist/tools/agent/retry_decision.hpp"

#include <nlohmann/json.hpp>

#include "logdist/retry/classify.hpp"

namespace logdist::tools {

RetryDecision decide(const Answer& answer, std::int64_t unix_seconds) {
  // An analyzer's answers mean the same to the daemon as the daemon's to us.
  const retry::Classification classified = retry::classify(answer.status, answer.retry_after, unix_seconds);
  if (classified.outcome == Outcome::delivered) return {Advice::accepted, {}};
  if (classified.outcome == Outcome::paused || answer.status == 503) return {Advice::later, classified.pause};
  const bool passing = answer.status == 408 || answer.status >= 500;
  return {passing ? Advice::again : Advice::rejected, {}};
}

std::string explain(const Answer& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (body.is_object()) {
    const auto detail = body.find("detail");
    if (detail != body.end() && detail->is_string()) return config::printable(detail->get<std::string>());
    const auto reasons = body.find("reasons");
    if (reasons != body.end() && reasons->is_array() && !reasons->empty() && reasons->front().is_string()) {
      return config::printable(reasons->front().get<std::string>());
    }
  }
  const std::string first_line = answer.body.substr(0, answer.body.find_first_of("\r\n"));
  return config::printable(first_line.empty() ? answer.reason : first_line);
}

}  // namespace logdist::tools
