// What validating and counting costs: packets of 2 KB and 20 KB as agents send
// them, the same as lines, the slow reader on the same bytes, and large bodies in pieces.
#include <benchmark/benchmark.h>

#include <string>

#include "logdist/base/check.hpp"
#include "logdist/codec/decode.hpp"

namespace logdist::codec {
namespace {

/// One log record of about 200 bytes; `number` is the value of one of its fields.
std::string log_message(std::size_t index, const std::string& number) {
  return R"({"time":"2024-06-11T08:15:)" + std::to_string(10 + index % 50) +
         R"(.123456Z","level":"info","service":"checkout","host":"node-17","trace":"4bf92f3577b34da6a3ce929d0e0e4736",)"
         R"("text":"order \"accepted\"","duration_ms":12.75,"user":)" +
         number + "}";
}

std::string packet_of(std::size_t messages, const std::string& number) {
  std::string body = R"({"packet_id":"0189ce7c-8a3b-7000-8000-00000000abcd","agent_id":"bench","messages":[)";
  for (std::size_t i = 0; i < messages; ++i) body += (i == 0 ? "" : ",") + log_message(i, number);
  return body + "]}";
}

std::string lines_of(std::size_t messages) {
  std::string body;
  for (std::size_t i = 0; i < messages; ++i) body += log_message(i, "4711") + "\n";
  return body;
}

void decode(benchmark::State& state, Format format, const std::string& bytes) {
  core::BufferPool pool(1 << 20);
  Decoder decoder;
  core::Buffer body = pool.take(bytes.size());
  body.append(bytes);
  for (auto _ : state) {
    const DecodeResult result = decoder.decode(format, body);
    LOGDIST_CHECK(result.has_value() && result->messages == static_cast<std::uint32_t>(state.range(0)));
    benchmark::DoNotOptimize(result->messages);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

void json_packet(benchmark::State& state) {
  decode(state, Format::json, packet_of(static_cast<std::size_t>(state.range(0)), "4711"));
}
BENCHMARK(json_packet)->Arg(1)->Arg(10)->Arg(100)->Arg(10'000);

void json_packet_with_a_big_integer(benchmark::State& state) {
  decode(state, Format::json,
         packet_of(static_cast<std::size_t>(state.range(0)), "340282366920938463463374607431768211456"));
}
BENCHMARK(json_packet_with_a_big_integer)->Arg(10)->Arg(100);

void lines(benchmark::State& state) {
  decode(state, Format::ndjson, lines_of(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(lines)->Arg(10)->Arg(100);

/// Of bodies that are never there as a whole.
void pieces(benchmark::State& state, Format format, const std::string& bytes) {
  constexpr std::size_t piece_bytes = std::size_t{64} << 10;
  const Decoder decoder;
  for (auto _ : state) {
    const auto reader = decoder.in_pieces(format);
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      reader->feed(std::string_view(bytes).substr(at, piece_bytes));
    }
    LOGDIST_CHECK(reader->finish()->messages == static_cast<std::uint32_t>(state.range(0)));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

void json_packet_in_pieces(benchmark::State& state) {
  pieces(state, Format::json, packet_of(static_cast<std::size_t>(state.range(0)), "4711"));
}
BENCHMARK(json_packet_in_pieces)->Arg(10'000);

void lines_in_pieces(benchmark::State& state) {
  pieces(state, Format::ndjson, lines_of(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(lines_in_pieces)->Arg(10'000);

}  // namespace
}  // namespace logdist::codec
