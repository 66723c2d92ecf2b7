// What the formats of agents cost: a hundred messages as their clients send them, whole and in pieces. Beside them,
// since machines differ: simdjson's own parser over the same JSON, which builds the documents, and counts them.
#include <benchmark/benchmark.h>

#include <string>

#include <simdjson.h>

#include "logdist/base/check.hpp"
#include "logdist/codec/decode.hpp"
#include "tests/codec/wire.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

constexpr std::uint32_t message_count = 100;

std::string attribute(const std::string& key, const std::string& value) {
  return field(6, field(1, key) + field(2, field(1, value)));
}

std::string otlp_protobuf_body() {
  std::string records;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    const std::string record =
        tag(1, 1) + "12345678" + tag(2, 0) + varint(9) + field(3, "INFO") +
        field(5, field(1, "order " + std::to_string(48'151'623 + i) + " accepted: 3 items, paid by card")) +
        attribute("http.request.method", "POST") + attribute("url.path", "/api/v1/orders") +
        attribute("client.address", "192.0.2.17") + attribute("code.function.name", "OrderService.accept") +
        field(6, field(1, "http.response.status_code") + field(2, tag(3, 0) + varint(200))) +
        field(6, field(1, "duration_ms") + field(2, tag(4, 1) + "12345678")) + field(9, "0123456789abcdef") +
        field(10, "01234567") + tag(11, 1) + "12345678";
    records += field(2, record);
  }
  const std::string resource = field(1, field(1, field(1, "service.name") + field(2, field(1, "checkout"))) +
                                            field(1, field(1, "host.name") + field(2, field(1, "node-17"))));
  return field(1, resource + field(2, field(1, field(1, "app.orders")) + records));
}

std::string otlp_json_body() {
  std::string records;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    records += std::string(i == 0 ? "" : ",") +
               R"({"timeUnixNano":"1718093710123456789","observedTimeUnixNano":"1718093710123456999",)"
               R"("severityNumber":9,"severityText":"INFO","body":{"stringValue":"order )" +
               std::to_string(48'151'623 + i) +
               R"( accepted: 3 items, paid by card"},"attributes":[)"
               R"({"key":"http.request.method","value":{"stringValue":"POST"}},)"
               R"({"key":"url.path","value":{"stringValue":"/api/v1/orders"}},)"
               R"({"key":"client.address","value":{"stringValue":"192.0.2.17"}},)"
               R"({"key":"http.response.status_code","value":{"intValue":"200"}},)"
               R"({"key":"duration_ms","value":{"doubleValue":12.75}}],)"
               R"("traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","flags":1})";
  }
  return R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}}]},)"
         R"("scopeLogs":[{"scope":{"name":"app.orders"},"logRecords":[)" +
         records + "]}]}]}";
}

const std::string line_text =
    R"(level=info service=checkout host=node-17 trace=4bf92f3577b34da6a3ce929d0e0e4736 msg="order accepted" items=3 )"
    R"(duration_ms=12.75 user=4711 path=/api/v1/orders)";

std::string loki_protobuf_body() {
  std::string entries;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    entries += field(
        2, field(1, tag(1, 0) + varint(1'718'093'710) + tag(2, 0) + varint(123'456'000 + i)) + field(2, line_text));
  }
  return field(1, field(1, R"({app="checkout",host="node-17"})") + entries);
}

std::string loki_json_body() {
  std::string entries;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    entries += std::string(i == 0 ? "" : ",") + R"(["1718093710123456789","level=info service=checkout )" +
               R"(trace=4bf92f3577b34da6a3ce929d0e0e4736 msg=\"order accepted\" duration_ms=12.75 user=4711"])";
  }
  return R"({"streams":[{"stream":{"app":"checkout","host":"node-17"},"values":[)" + entries + "]}]}";
}

const std::string record =
    R"({"@timestamp":"2024-06-11T08:15:10.123456Z","level":"info","service":"checkout","host":"node-17",)"
    R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736","text":"order \"accepted\"","duration_ms":12.75,"user":4711})";

std::string repeated(const std::string& text, const std::string& separator = "") {
  std::string all;
  for (std::uint32_t i = 0; i < message_count; ++i) all += (i == 0 ? "" : separator) + text;
  return all;
}

std::string hec_body() {
  return repeated(R"({"time":1718093710.123,"host":"node-17","source":"orders","sourcetype":"_json","event":)" +
                  record + "}");
}

std::string bulk_body(bool with_ids) {
  std::string body;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    body += R"({"create":{"_index":"logs-checkout-default")" +
            (with_ids ? R"(,"_id":"0d2e3208-6ec7-6d61-bf02-)" + std::to_string(21'366'009'000 + i) + "\"" : "") +
            "}}\n";
    body += record + "\n";
  }
  return body;
}

std::string logplex_body() {
  const std::string frame = "<190>1 2024-06-11T08:15:10.123456+00:00 host app web.1 - " + line_text + "\n";
  return repeated(std::to_string(frame.size()) + " " + frame);
}

void whole(benchmark::State& state, Format format, const std::string& bytes) {
  core::BufferPool pool(1 << 20);
  Decoder decoder;
  core::Buffer body = pool.take(bytes.size());
  body.append(bytes);
  for (auto _ : state) {
    const DecodeResult result = decoder.decode(format, body);
    LOGDIST_CHECK(result.has_value() && result->messages == message_count);
    benchmark::DoNotOptimize(result->messages);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

void pieces(benchmark::State& state, Format format, const std::string& bytes) {
  const Decoder decoder;
  for (auto _ : state) {
    const auto reader = decoder.in_pieces(format);
    reader->feed(bytes);
    LOGDIST_CHECK(reader->finish()->messages == message_count);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

void simdjson_document(benchmark::State& state, const std::string& bytes) {
  simdjson::dom::parser parser;
  const simdjson::padded_string body(bytes);
  for (auto _ : state) LOGDIST_CHECK(parser.parse(body).error() == simdjson::SUCCESS);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

void simdjson_parse_many(benchmark::State& state, const std::string& bytes) {
  simdjson::dom::parser parser;
  const simdjson::padded_string body(bytes);
  for (auto _ : state) {
    simdjson::dom::document_stream documents;
    LOGDIST_CHECK(parser.parse_many(body, bytes.size() + 1).get(documents) == simdjson::SUCCESS);
    std::uint32_t count = 0;
    for (const auto document : documents) {
      if (document.error() == simdjson::SUCCESS) ++count;
    }
    LOGDIST_CHECK(count == message_count);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

#define LOGDIST_FORMAT_BENCHMARKS(name, format, body)   \
  BENCHMARK_CAPTURE(whole, name, Format::format, body); \
  BENCHMARK_CAPTURE(pieces, name, Format::format, body)

LOGDIST_FORMAT_BENCHMARKS(otlp_protobuf, otlp_protobuf, otlp_protobuf_body());
LOGDIST_FORMAT_BENCHMARKS(otlp_json, otlp_json, otlp_json_body());
BENCHMARK_CAPTURE(simdjson_document, otlp_json, otlp_json_body());
LOGDIST_FORMAT_BENCHMARKS(loki_protobuf, loki_protobuf, loki_protobuf_body());
LOGDIST_FORMAT_BENCHMARKS(loki_json, loki_json, loki_json_body());
BENCHMARK_CAPTURE(simdjson_document, loki_json, loki_json_body());
LOGDIST_FORMAT_BENCHMARKS(hec_event, hec_event, hec_body());
BENCHMARK_CAPTURE(simdjson_parse_many, hec_event, hec_body());
LOGDIST_FORMAT_BENCHMARKS(bulk, bulk, bulk_body(false));
LOGDIST_FORMAT_BENCHMARKS(bulk_with_ids, bulk, bulk_body(true));
LOGDIST_FORMAT_BENCHMARKS(datadog, datadog, "[" + repeated(record, ",") + "]");
LOGDIST_FORMAT_BENCHMARKS(events_in_lines, events, repeated(record, "\n"));
BENCHMARK_CAPTURE(simdjson_parse_many, events_in_lines, repeated(record, "\n"));
LOGDIST_FORMAT_BENCHMARKS(events_in_an_envelope, events, "{\"logs\":[" + repeated(record, ",") + "]}");
LOGDIST_FORMAT_BENCHMARKS(lines, lines, repeated(line_text, "\n"));
LOGDIST_FORMAT_BENCHMARKS(logplex, logplex, logplex_body());

}  // namespace
}  // namespace logdist::codec
