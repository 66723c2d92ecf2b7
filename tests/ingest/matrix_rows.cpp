#include "matrix_rows.hpp"

namespace logdist::ingest::test {
namespace {

constexpr const char* problem_answer = "application/problem+json";
constexpr const char* problem_body = R"(\{"type":"about:blank",.*"status":[0-9]+.*)";
constexpr const char* json_answer = "application/json";
constexpr const char* text_answer = "text/plain; charset=utf-8";
constexpr const char* blank_lines = "\n\r\n\n\n\n\n\n\n";
constexpr const char* id_and_count = R"(\{"packet_id":"[^"]+","messages":[0-9]+\})";

std::string of_type(std::string_view type) { return fmt::format("Content-Type: {}\r\n", type); }

Row packets_row(std::string_view type, std::string good, std::uint32_t messages) {
  return {"/v1/packets",  of_type(type), Protocol::packet, std::move(good), messages, 202, id_and_count, json_answer,
          "[{\"a\":]  }", 400,           problem_answer,   problem_body,    422,      true};
}

Row batch_of_cloud_events(std::string good) {
  Row row = packets_row("application/cloudevents-batch+json", std::move(good), 2);
  row.nothing = "[]";
  row.empty = row.success;
  return row;
}

Row events_row(std::string_view type, std::string good, std::string bad) {
  return {"/v1/events",   of_type(type), Protocol::events, std::move(good), 2, 200, id_and_count, json_answer,
          std::move(bad), 400,           problem_answer,   problem_body};
}

Row otlp_protobuf_row(std::string_view type) {
  return {"/v1/logs",
          of_type(type),
          Protocol::otlp,
          otlp_logs(2),
          2,
          200,
          "",
          "application/x-protobuf",
          std::string(8, '\x0a'),
          200,
          "application/x-protobuf",
          "(.|\n)+",
          422,
          true};
}

Row otlp_json_row() {
  return {"/v1/logs",
          of_type(json_answer),
          Protocol::otlp,
          R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]})",
          2,
          200,
          R"(\{\})",
          json_answer,
          "{\"resourceLogs\":x}",
          200,
          json_answer,
          R"(\{"code":[0-9]+,"message":".+"\})",
          422,
          true,
          false,
          "POST",
          "{}"};
}

Row loki_row(std::string_view path, std::string_view type, std::string good, std::string bad) {
  const char* nothing = type == json_answer ? "{\"streams\":[]}" : "";
  return {std::string(path),
          of_type(type),
          Protocol::loki,
          std::move(good),
          2,
          204,
          "",
          "",
          std::move(bad),
          204,
          text_answer,
          ".+\n?",
          400,
          true,
          false,
          "POST",
          nothing};
}

Row hec_row(std::string_view path, Protocol protocol, std::string good, std::string bad) {
  return {std::string(path),
          "",
          protocol,
          std::move(good),
          2,
          200,
          R"(\{"text":"Success","code":0\})",
          json_answer,
          std::move(bad),
          400,
          json_answer,
          R"(\{"text":".+","code":[0-9]+.*\})"};
}

Row bulk_row(std::string_view method, std::string_view path) {
  Row row{std::string(path),
          of_type("application/x-ndjson"),
          Protocol::elasticsearch,
          "{\"create\":{}}\n{\"a\":1}\n{\"delete\":{}}\n",
          2,
          200,
          R"(\{"took":0,"errors":false,"items":\[.+\]\})",
          json_answer,
          "{\"create\":{}}\n",
          400,
          json_answer,
          R"(\{"error":\{.*"type":".+".*\},"status":[0-9]+\})"};
  row.method = method;
  return row;
}

Row datadog_row(std::string_view path) {
  return {std::string(path),
          of_type(json_answer),
          Protocol::datadog,
          R"([{"message":"a"},{"message":"b"}])",
          2,
          202,
          R"(\{\})",
          json_answer,
          "[{\"a\":]  ]",
          202,
          json_answer,
          R"(\{"errors":\[.+\]\})",
          422,
          false,
          false,
          "POST",
          "{}"};
}

}  // namespace

std::vector<Row> all_rows() {
  const std::string event = R"({"specversion":"1.0","id":"1","source":"s","type":"t"})";
  const std::string pushed = R"({"streams":[{"stream":{"a":"b"},"values":[["1","x"],["2","y",{"k":"v"}]]}]})";
  const std::string push_in_snappy = compress(ContentCoding::snappy, loki_push(2));
  std::vector<Row> rows{
      packets_row(json_answer, R"([{"a":1},{"a":2}])", 2),
      packets_row("application/cloudevents+json", event, 1),
      batch_of_cloud_events("[" + event + "," + event + "]"),
      packets_row("application/octet-stream", "{\"a\":1}\n{\"a\":2}\n", 2),
      events_row(json_answer, R"({"a":1}{"a":2})", "{\"a\":]  }"),
      events_row("application/x-www-form-urlencoded", "a=1\na=2", blank_lines),
      events_row("text/plain", "one\ntwo", blank_lines),
      events_row("application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":]  }"),
      otlp_protobuf_row("application/x-protobuf"),
      otlp_protobuf_row("application/protobuf"),
      otlp_json_row(),
      hec_row("/services/collector/raw", Protocol::hec_raw, "one\ntwo", blank_lines),
      hec_row("/services/collector/raw/1.0", Protocol::hec_raw, "one\ntwo", blank_lines),
      datadog_row("/api/v2/logs"),
      datadog_row("/v1/input"),
      {"/gelf", of_type(json_answer), Protocol::gelf,
       "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"m\"}\n" +
           std::string(R"({"version":"1.1","host":"h","short_message":"n"})"),
       2, 202, id_and_count, json_answer, "{\"version\":}", 400, problem_answer, problem_body},
      {"/upload", of_type("application/vnd.fdo.journal"), Protocol::journal, "M=1\n\nM=2\n\n", 2, 202, "OK\\.\n",
       text_answer, "no journal\n\n", 202, text_answer, ".+\n?", 422, true, true},
      {"/firehose", of_type(json_answer), Protocol::firehose,
       R"({"requestId":"r","timestamp":1,"records":[{"data":"YQ=="},{"data":"Yg=="}]})", 2, 200,
       R"(\{"requestId":"[^"]*","timestamp":[0-9]+\})", json_answer, "{\"records\":x}", 200, json_answer,
       R"(\{"requestId":"[^"]*","timestamp":[0-9]+,"errorMessage":".+"\})", 422, false, false, "POST",
       R"({"requestId":"r","timestamp":1,"records":[]})"},
      {"/logplex", of_type("application/logplex-1"), Protocol::logplex, "11 <1>1 - - a\n11 <1>1 - - b\n", 2, 204, "",
       "", "11 <1>1 -", 400, problem_answer, problem_body},
  };
  for (const char* type : {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
                           "application/x-json-stream", "application/stream+json"}) {
    rows.push_back(packets_row(type, "{\"a\":1}\n{\"a\":2}\n", 2));
  }
  for (const char* path : {"/loki/api/v1/push", "/api/prom/push"}) {
    rows.push_back(loki_row(path, json_answer, pushed, "{\"streams\":x}"));
    rows.push_back(loki_row(path, "application/x-protobuf", push_in_snappy, std::string(8, '\xff')));
    rows.push_back(loki_row(path, "application/x-snappy", push_in_snappy, std::string(8, '\xff')));
  }
  for (const char* path : {"/services/collector", "/services/collector/event", "/services/collector/event/1.0"}) {
    rows.push_back(hec_row(path, Protocol::hec_event, R"({"event":"a"}{"event":"b"})", R"({"time":1})"));
  }
  for (const char* method : {"POST", "PUT"}) {
    rows.push_back(bulk_row(method, "/_bulk"));
    rows.push_back(bulk_row(method, "/logs/_bulk"));
  }
  return rows;
}

}  // namespace logdist::ingest::test
