#include "logdist/ingest/dialects/route_table.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "logdist/base/ascii.hpp"

namespace logdist::ingest {
namespace {

using codec::Format;
using core::ContentCoding;
using core::Protocol;

constexpr Route packets(std::string_view media_type, Format format, bool goes_along) {
  return {.path = "/v1/packets", .media_type = media_type, .format = format, .goes_along = goes_along};
}

constexpr Route typed(std::string_view path, std::string_view media_type, Protocol protocol, Dialect dialect,
                      Format format) {
  return {.path = path, .media_type = media_type, .protocol = protocol, .dialect = dialect, .format = format};
}

constexpr Route loki(std::string_view path, std::string_view media_type, Format format,
                     ContentCoding default_coding = ContentCoding::identity) {
  Route route = typed(path, media_type, Protocol::loki, Dialect::loki, format);
  route.default_coding = default_coding;
  return route;
}

constexpr Route any_type(std::string_view path, Protocol protocol, Dialect dialect, Format format) {
  return typed(path, {}, protocol, dialect, format);
}

constexpr Route bulk(std::string_view path) {
  Route route = any_type(path, Protocol::elasticsearch, Dialect::elasticsearch, Format::bulk);
  route.methods = methods::post | methods::put;
  return route;
}

constexpr Route firehose(std::string_view path) {
  Route route = any_type(path, Protocol::firehose, Dialect::firehose, Format::firehose);
  route.id_header = "x-amz-firehose-request-id";
  return route;
}

constexpr Route logplex(std::string_view path) {
  Route route = any_type(path, Protocol::logplex, Dialect::logplex, Format::logplex);
  route.id_header = "logplex-frame-id";
  route.count_header = "logplex-msg-count";
  return route;
}

constexpr Route journal(std::string_view path) {
  Route route = typed(path, "application/vnd.fdo.journal", Protocol::journal, Dialect::journal, Format::journal);
  route.is_upload = true;
  return route;
}

constexpr Route canned(std::string_view path, Protocol protocol, Dialect dialect, Canned answer,
                       Methods asked_with = methods::get) {
  return {.methods = asked_with, .path = path, .protocol = protocol, .dialect = dialect, .canned = answer};
}

constexpr Route elastic(std::string_view path, Canned answer, Methods asked_with = methods::get) {
  return canned(path, Protocol::elasticsearch, Dialect::elasticsearch, answer, asked_with);
}

constexpr Methods set_up = methods::put | methods::post;

/// The first row that fits. Those of our own packets come first: they are asked for most.
constexpr std::array route_table{
    packets("application/json", Format::json, false),
    packets("application/x-ndjson", Format::ndjson, false),
    packets("application/ndjson", Format::ndjson, false),
    packets("application/jsonl", Format::ndjson, false),
    packets("application/x-jsonlines", Format::ndjson, false),
    packets("application/x-json-stream", Format::ndjson, false),
    packets("application/stream+json", Format::ndjson, false),
    packets("application/cloudevents+json", Format::cloud_event, true),
    packets("application/cloudevents-batch+json", Format::cloud_event_batch, true),
    packets("application/octet-stream", Format::events, false),

    // A form, as of logging.HTTPHandler or of a shipper that sends lines without a type, is a line.
    typed("/v1/events", "application/x-www-form-urlencoded", Protocol::events, Dialect::events, Format::lines),
    typed("/v1/events", "text/plain", Protocol::events, Dialect::events, Format::lines),
    typed("/v1/events", "application/json", Protocol::events, Dialect::events, Format::events),
    any_type("/v1/events", Protocol::events, Dialect::events, Format::events_any),

    typed("/v1/logs", "application/x-protobuf", Protocol::otlp, Dialect::otlp_protobuf, Format::otlp_protobuf),
    typed("/v1/logs", "application/protobuf", Protocol::otlp, Dialect::otlp_protobuf, Format::otlp_protobuf),
    typed("/v1/logs", "application/json", Protocol::otlp, Dialect::otlp_json, Format::otlp_json),

    loki("/loki/api/v1/push", "application/json", Format::loki_json),
    loki("/loki/api/v1/push", "application/x-protobuf", Format::loki_protobuf, ContentCoding::snappy),
    loki("/loki/api/v1/push", "application/x-snappy", Format::loki_protobuf, ContentCoding::snappy),
    loki("/api/prom/push", "application/json", Format::loki_json),
    loki("/api/prom/push", "application/x-protobuf", Format::loki_protobuf, ContentCoding::snappy),
    loki("/api/prom/push", "application/x-snappy", Format::loki_protobuf, ContentCoding::snappy),
    canned("/ready", Protocol::loki, Dialect::loki, Canned::loki_ready),

    any_type("/services/collector", Protocol::hec_event, Dialect::hec, Format::hec_event),
    any_type("/services/collector/event", Protocol::hec_event, Dialect::hec, Format::hec_event),
    any_type("/services/collector/event/1.0", Protocol::hec_event, Dialect::hec, Format::hec_event),
    any_type("/services/collector/raw", Protocol::hec_raw, Dialect::hec, Format::lines),
    any_type("/services/collector/raw/1.0", Protocol::hec_raw, Dialect::hec, Format::lines),
    canned("/services/collector/health", Protocol::hec_event, Dialect::hec, Canned::hec_health),
    canned("/services/collector/health/1.0", Protocol::hec_event, Dialect::hec, Canned::hec_health),
    canned("/services/collector/ack", Protocol::hec_event, Dialect::hec, Canned::hec_ack, methods::post),
    canned("/services/collector/ack/1.0", Protocol::hec_event, Dialect::hec, Canned::hec_ack, methods::post),

    bulk("/_bulk"),
    bulk("/*/_bulk"),

    // Clients and shippers ask these at their start; what they would set up is there.
    elastic("/", Canned::elastic_info),
    elastic("/_license", Canned::elastic_license),
    elastic("/_xpack", Canned::elastic_xpack),
    elastic("/_cluster/health", Canned::elastic_health),
    elastic("/_nodes/**", Canned::elastic_nodes),
    elastic("/_ilm/**", Canned::elastic_found),
    elastic("/_ilm/**", Canned::elastic_acknowledged, set_up),
    elastic("/_index_template/**", Canned::elastic_found),
    elastic("/_index_template/**", Canned::elastic_acknowledged, set_up),
    elastic("/_component_template/**", Canned::elastic_found),
    elastic("/_component_template/**", Canned::elastic_acknowledged, set_up),
    elastic("/_template/**", Canned::elastic_found),
    elastic("/_template/**", Canned::elastic_acknowledged, set_up),
    elastic("/_ingest/**", Canned::elastic_found),
    elastic("/_ingest/**", Canned::elastic_acknowledged, set_up),
    elastic("/_data_stream/**", Canned::elastic_found),
    elastic("/_data_stream/**", Canned::elastic_acknowledged, set_up),
    elastic("/_alias/**", Canned::elastic_found),
    elastic("/_cat/**", Canned::elastic_found),
    // What a bulk helper ends with.
    elastic("/_refresh", Canned::elastic_refreshed, methods::get | methods::post),
    elastic("/*/_refresh", Canned::elastic_refreshed, methods::get | methods::post),

    any_type("/api/v2/logs", Protocol::datadog, Dialect::datadog, Format::datadog),
    any_type("/v1/input", Protocol::datadog, Dialect::datadog, Format::datadog),
    canned("/api/v1/validate", Protocol::datadog, Dialect::datadog, Canned::datadog_validate),

    any_type("/gelf", Protocol::gelf, Dialect::gelf, Format::gelf),
    journal("/upload"),
    firehose("/firehose"),
    logplex("/logplex"),
};

bool takes(const Route& route, http::Method method) {
  switch (method) {
    case http::Method::get:
    case http::Method::head: return (route.methods & methods::get) != 0;
    case http::Method::post: return (route.methods & methods::post) != 0;
    case http::Method::put: return (route.methods & methods::put) != 0;
    case http::Method::erase:
    case http::Method::options:
    case http::Method::connect:
    case http::Method::other: return false;
  }
  return false;
}

/// Cuts off the first segment, without the `/` before it.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool fits(std::string_view pattern, std::string_view path) {
  if (pattern == path) return true;
  if (pattern.find('*') == pattern.npos) return false;
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view wanted = next_segment(pattern);
    if (wanted == "**") return true;
    const std::string_view given = next_segment(path);
    if (wanted == "*" ? given.empty() : wanted != given) return false;
  }
  return path.empty() && (pattern.empty() || pattern == "/**");
}

}  // namespace

RouteTable::RouteTable(core::ProtocolSet protocols) : protocols_(protocols) {
  std::vector<std::string_view> paths;
  for (const Route& route : route_table) {
    const bool is_named = route.canned == Canned::none && protocols_.has(route.protocol);
    if (is_named && std::find(paths.begin(), paths.end(), route.path) == paths.end()) paths.push_back(route.path);
  }
  paths_text_ = "the paths here are ";
  for (const std::string_view path : paths) paths_text_.append(path).append(", ");
  paths_text_ += "/healthz";
}

RouteTable::Found RouteTable::find(http::Method method, std::string_view path, std::string_view media_type) const {
  Found found;
  int best = 0;  // of the rows with the path: the method counts more than the type
  for (const Route& route : route_table) {
    if (!fits(route.path, path) || !protocols_.has(route.protocol)) continue;
    found.methods |= route.methods;
    const bool takes_method = takes(route, method);
    const bool takes_type = route.media_type.empty() || equals_in_lower_case(media_type, route.media_type);
    const int match = 1 + (takes_method ? 2 : 0) + (takes_type ? 1 : 0);
    if (match > best) {
      best = match;
      found.of_path = &route;
    }
    found.takes_method = found.takes_method || takes_method;
    if (!takes_method || !takes_type) continue;
    found.route = &route;
    break;
  }
  return found;
}

core::ContentCoding default_coding(core::Protocol protocol, std::string_view media_type) {
  const auto row = std::find_if(route_table.begin(), route_table.end(), [&](const Route& route) {
    return route.protocol == protocol && equals_in_lower_case(media_type, route.media_type);
  });
  return row == route_table.end() ? ContentCoding::identity : row->default_coding;
}

std::string allow_text(Methods methods, bool with_options) {
  std::string text;
  const auto add = [&text](std::string_view name) { text.append(text.empty() ? "" : ", ").append(name); };
  if ((methods & methods::get) != 0) {
    add("GET");
    add("HEAD");
  }
  if ((methods & methods::post) != 0) add("POST");
  if ((methods & methods::put) != 0) add("PUT");
  if (with_options) add("OPTIONS");
  return text;
}

}  // namespace logdist::ingest
