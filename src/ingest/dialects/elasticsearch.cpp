// Elasticsearch: its clients take nothing without its name, and no other type than JSON.
#include <array>

#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view bulk_begin = R"({"took":0,"errors":false,"items":[)";
constexpr std::string_view bulk_end = "]}";

/// By BulkAction. What clients look at is the status; that of Java wants an index in each item, too, whatever its name.
constexpr std::array<std::string_view, 4> bulk_items{
    R"({"index":{"_index":"","status":201}})", R"({"create":{"_index":"","status":201}})",
    R"({"update":{"_index":"","status":201}})", R"({"delete":{"_index":"","status":201}})"};

std::string_view item_of(const codec::BulkActions& actions) {
  return bulk_items[static_cast<std::size_t>(actions.action)];
}

std::string_view error_type(unsigned status) {
  switch (status) {
    case 400: return "illegal_argument_exception";
    case 401:
    case 403: return "security_exception";
    case 408: return "timeout_exception";
    case 413: return "content_too_long_exception";
    case 415: return "media_type_header_exception";
    case 429: return "es_rejected_execution_exception";
    case 503: return "unavailable_shards_exception";
    default: return "exception";
  }
}

}  // namespace

std::size_t bulk_reply_bytes(std::span<const codec::BulkActions> actions) {
  std::size_t bytes = bulk_begin.size() + bulk_end.size();
  for (const codec::BulkActions& some : actions) bytes += some.count * (item_of(some).size() + 1);
  return bytes;
}

Reply bulk_reply(std::span<const codec::BulkActions> actions) {
  Reply reply{200, json_type, elastic_product, {}};
  reply.body.reserve(bulk_reply_bytes(actions));
  reply.body = bulk_begin;
  for (const codec::BulkActions& some : actions) {
    for (std::uint32_t i = 0; i < some.count; ++i) {
      if (reply.body.size() > bulk_begin.size()) reply.body += ',';
      reply.body += item_of(some);
    }
  }
  reply.body += bulk_end;
  return reply;
}

Reply elastic_problem(const Problem& problem) {
  const nlohmann::ordered_json cause{{"type", error_type(problem.status)}, {"reason", text_of(problem)}};
  nlohmann::ordered_json error = cause;
  error["root_cause"] = nlohmann::ordered_json::array({cause});
  return {problem.status, json_type, elastic_product, dump({{"error", std::move(error)}, {"status", problem.status}})};
}

}  // namespace logdist::ingest
