#include "logdist/ingest/dialects/hec_acks.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ingest/dialects/dialects.hpp"
#include "logdist/ingest/dialects/forwarded_headers.hpp"

namespace logdist::ingest {

std::optional<std::string> hec_channel(const http::RequestHead& head) {
  if (const auto named = head.field("x-splunk-request-channel"); named && !named->empty()) return std::string(*named);
  std::optional<std::string> channel = query_parameter(head.query, "channel");
  if (channel && channel->empty()) channel.reset();
  return channel;
}

std::optional<std::vector<std::uint64_t>> parse_ack_query(std::string_view body) {
  using nlohmann::json;
  const json query = json::parse(body, nullptr, false);
  if (!query.is_object()) return std::nullopt;
  const auto acks = query.find("acks");
  if (acks == query.end() || !acks->is_array()) return std::nullopt;
  std::vector<std::uint64_t> ids;
  for (const json& id : *acks) {
    if (!id.is_number_unsigned()) return std::nullopt;
    ids.push_back(id.get<std::uint64_t>());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Reply ack_reply(const std::vector<std::uint64_t>& ids, const std::vector<bool>& delivered) {
  Reply reply{200, json_type, {}, R"({"acks":{)"};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) reply.body += ',';
    reply.body.append(1, '"').append(std::to_string(ids[i])).append(delivered[i] ? R"(":true)" : R"(":false)");
  }
  reply.body += "}}";
  return reply;
}

}  // namespace logdist::ingest
