// The dialects, a file each.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "logdist/ingest/dialects/answers.hpp"

namespace logdist::ingest {

inline constexpr std::string_view json_type = "application/json";

/// As text; what an agent sent in it and is not UTF-8 is replaced.
std::string dump(const nlohmann::ordered_json& json);

/// The detail, and where in the body.
std::string text_of(const Problem& problem);

/// RFC 9457.
Reply problem_json(const Problem& problem);

Reply otlp_success(bool protobuf);
Reply otlp_problem(bool protobuf, const Problem& problem);
Reply loki_problem(const Problem& problem);
Reply hec_success(const Success& success);
Reply hec_problem(const Problem& problem);
Reply elastic_problem(const Problem& problem);
Reply datadog_problem(const Problem& problem);
Reply journal_success();
Reply journal_problem(const Problem& problem);
Reply firehose_success(const Question& question);
Reply firehose_problem(const Question& question, const Problem& problem);

}  // namespace logdist::ingest
