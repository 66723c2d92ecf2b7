// What clients and shippers ask before they send, or while they have nothing to send.
#include "ingest/dialects/dialects.hpp"
#include "logdist/base/check.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view ready_type = "text/plain; charset=utf-8";

/// Shippers refuse a server that is older than they are: the version is that of none yet.
constexpr std::string_view elastic_info =
    R"({"name":"log-distributor","cluster_name":"log-distributor","cluster_uuid":"log-distributor",)"
    R"("version":{"number":"9.99.0","build_flavor":"default","build_type":"deb","build_hash":"unknown",)"
    R"("build_date":"2026-01-01T00:00:00.000Z","build_snapshot":false,"lucene_version":"10.0.0",)"
    R"("minimum_wire_compatibility_version":"8.19.0","minimum_index_compatibility_version":"8.0.0"},)"
    R"("tagline":"You Know, for Search"})";
constexpr std::string_view elastic_license =
    R"({"license":{"status":"active","uid":"log-distributor","type":"basic","mode":"basic",)"
    R"("issued_to":"log-distributor","issuer":"elasticsearch","max_nodes":1000,"start_date_in_millis":-1}})";
constexpr std::string_view elastic_xpack =
    R"({"build":{"hash":"unknown","date":"2026-01-01T00:00:00.000Z"},)"
    R"("license":{"uid":"log-distributor","type":"basic","mode":"basic","status":"active"},)"
    R"("features":{"ilm":{"available":true,"enabled":true},"security":{"available":true,"enabled":false}},)"
    R"("tagline":"You know, for X"})";
constexpr std::string_view elastic_health =
    R"({"cluster_name":"log-distributor","status":"green","timed_out":false,"number_of_nodes":1,)"
    R"("number_of_data_nodes":1,"active_primary_shards":0,"active_shards":0,"relocating_shards":0,)"
    R"("initializing_shards":0,"unassigned_shards":0,"number_of_pending_tasks":0,)"
    R"("active_shards_percent_as_number":100.0})";
constexpr std::string_view elastic_nodes =
    R"({"_nodes":{"total":0,"successful":0,"failed":0},"cluster_name":"log-distributor","nodes":{}})";

Reply as_elastic(std::string_view body) { return {200, json_type, elastic_product, std::string(body)}; }

}  // namespace

Reply canned_reply(Canned canned, bool ready) {
  switch (canned) {
    case Canned::elastic_info: return as_elastic(elastic_info);
    case Canned::elastic_license: return as_elastic(elastic_license);
    case Canned::elastic_xpack: return as_elastic(elastic_xpack);
    case Canned::elastic_health: return as_elastic(elastic_health);
    case Canned::elastic_nodes: return as_elastic(elastic_nodes);
    case Canned::elastic_found: return as_elastic("{}");
    case Canned::elastic_acknowledged: return as_elastic(R"({"acknowledged":true})");
    case Canned::elastic_refreshed: return as_elastic(R"({"_shards":{"total":1,"successful":1,"failed":0}})");
    case Canned::hec_health:
      if (ready) return {200, json_type, {}, R"({"text":"HEC is healthy","code":17})"};
      return {503, json_type, {}, R"({"text":"HEC is unhealthy, queues are full","code":18})"};
    case Canned::hec_ack: return {400, json_type, {}, R"({"text":"ACK is disabled","code":14})"};
    case Canned::loki_ready:
      if (ready) return {200, ready_type, {}, "ready\n"};
      return {503, ready_type, {}, "no packets are taken now\n"};
    case Canned::datadog_validate: return {200, json_type, {}, R"({"valid":true})"};
    case Canned::none: break;
  }
  check_failed("a canned answer", __FILE__, __LINE__);
}

}  // namespace logdist::ingest
