// What reading a request's head and its chunks costs.
#include <benchmark/benchmark.h>

#include <string>

#include "logdist/base/check.hpp"
#include "logdist/http/chunk_decoder.hpp"
#include "logdist/http/request_parser.hpp"

namespace logdist::http {
namespace {

/// As agents send them, by most and by few headers.
const std::string short_head =
    "POST /v1/packets HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\nContent-Length: "
    "2048\r\n\r\n";
const std::string long_head =
    "POST /v1/packets HTTP/1.1\r\nHost: distributor.example:8080\r\nUser-Agent: agent/1.2.3 (linux; x86_64)\r\n"
    "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
    "Content-Type: application/json; charset=utf-8\r\nContent-Length: 2048\r\n"
    "Idempotency-Key: 0189ce7c-8a3b-7000-8000-00000000abcd\r\n"
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: vendor=value,other=1\r\n\r\n";

void head(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    RequestParser parser("log-distributor-0123456789abcdef");
    LOGDIST_CHECK(parser.parse(text) == Progress::complete);
    benchmark::DoNotOptimize(parser.head(text).content_length);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK_CAPTURE(head, short, short_head);
BENCHMARK_CAPTURE(head, long, long_head);

void chunks(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::string text;
  for (std::size_t at = 0; at < 65'536; at += size) {
    char line[16];
    text.append(line, static_cast<std::size_t>(std::snprintf(line, sizeof line, "%zx\r\n", size)));
    text.append(size, 'x').append("\r\n");
  }
  text += "0\r\n\r\n";
  std::string body;
  for (auto _ : state) {
    ChunkDecoder decoder(1 << 20);
    body.clear();
    std::string_view rest = text;
    ChunkDecoder::Step step;
    while (!rest.empty()) {
      step = decoder.decode(rest);
      body += step.data;
      rest.remove_prefix(step.consumed);
    }
    LOGDIST_CHECK(step.progress == Progress::complete);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(chunks)->Arg(16)->Arg(256)->Arg(4'096);

}  // namespace
}  // namespace logdist::http
