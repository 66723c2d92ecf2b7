// Bodies made to keep the decoder busy. Prints what each costs, a byte and a MiB, as
// JSON and as lines, and the slowest beside ordinary logs. With --judge it fails when one
// takes more than `limit_ms_per_mib`, for an event loop stands still that long. Compressed bodies have a limit of their
// own: they are read by 16 KiB a turn, and what zlib and libzstd need for their tables is theirs.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/codec/compression/decompressor.hpp"
#include "logdist/codec/decode.hpp"
#include "logdist/os/thread_time.hpp"
#include "tests/codec/compression/hostile_streams.hpp"
#include "tests/codec/wire.hpp"

namespace logdist::codec {
namespace {

constexpr std::size_t body_bytes = std::size_t{1} << 20;
constexpr double limit_ms_per_mib = 20;
constexpr double limit_compressed_ms_per_mib = 200;
constexpr int repetitions = 5;

struct Body {
  std::string name;
  Format format;
  std::string bytes;
};

std::string filled(std::string_view unit, std::string_view separator, std::string_view open, std::string_view close) {
  std::string bytes(open);
  while (bytes.size() + close.size() < body_bytes) {
    if (bytes.size() > open.size()) bytes += separator;
    bytes += unit;
  }
  return bytes += close;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

const std::string log_record =
    R"({"time":"2024-06-11T08:15:10.123456Z","level":"info","service":"checkout","host":"node-17",)"
    R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736","text":"order \"accepted\"","duration_ms":12.75,"user":4711})";

const char* name_of(Format format) {
  constexpr std::array names{"json",      "ndjson",        "cloud_event", "cloud_events", "otlp_protobuf",
                             "otlp_json", "loki_protobuf", "loki_json",   "hec_event",    "lines",
                             "bulk",      "datadog",       "gelf",        "journal",      "firehose",
                             "logplex",   "events",        "events_any"};
  static_assert(names.size() == format_count);
  return names[static_cast<std::size_t>(format)];
}

struct Unit {
  std::string name;
  std::string value;
};

/// Values that a body can be full of.
std::vector<Unit> units() {
  std::vector<Unit> units{
      {"log record", log_record},
      {"digit", "1"},
      {"digit between blanks", " 1 "},
      {"19 digits", "1234567890123456789"},
      {"23 digits", "12345678901234567890123"},
      {"20 digits e280", "12345678901234567890e280"},
      {"20 digits e-320", "12345678901234567890e-320"},
      {"20 digits .5", "12345678901234567890.5"},
      {"between two doubles", "4503599627370496.5"},
      {"smallest double", "5e-324"},
      {"nearly no double", "2.2250738585072011e-308"},
      {"beyond all doubles", "1e400"},
      {"zero e9", "0e000000009"},
      {"true", "true"},
      {"empty string", "\"\""},
      {"escapes", R"("\n\n\n\n\n\n\n\n")"},
      {"unicode escapes", R"("\u0041\u0041\u0041\u0041")"},
      {"surrogate pairs", R"("\ud83d\ude00\ud83d\ude00")"},
      {"backslashes", "\"" + repeated(R"(\\)", 500) + "\""},
      {"UTF-8 of 2 bytes", "\"" + repeated("\xc3\xa9", 8) + "\""},
      {"UTF-8 of 4 bytes", "\"" + repeated("\xf0\x9f\x98\x80", 8) + "\""},
      {"empty array", "[]"},
      {"empty object", "{}"},
      {"one key", R"({"a":1})"},
      {"many keys", "{" + repeated(R"("a":1,)", 1000) + R"("b":1})"},
      {"60 levels", repeated("[", 60) + repeated("]", 60)},
      {"60 levels of objects", repeated(R"({"a":)", 60) + "1" + repeated("}", 60)},
  };
  for (const std::size_t digits : {24u, 40u, 100u, 300u, 700u}) {
    units.push_back({std::to_string(digits) + " digits .5", std::string(digits, '7') + ".5"});
    units.push_back({std::to_string(digits) + " decimals", "0." + std::string(digits, '7')});
    units.push_back({std::to_string(digits) + " decimals e-250", "0." + std::string(digits, '7') + "e-250"});
    units.push_back({std::to_string(digits) + " zeros", "0." + std::string(digits, '0') + "1"});
  }
  return units;
}

/// Bodies of the formats that agents have.
void add_formats(std::vector<Body>& bodies) {
  for (const auto& [name, value] : units()) {
    bodies.push_back({name, Format::otlp_json,
                      filled(value, ",", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"v":[)", "]}]}]}]}")});
    bodies.push_back({name, Format::hec_event, filled(R"({"event":0,"v":)" + value + "}", "", "", "")});
    bodies.push_back(
        {name, Format::bulk, filled(R"({"v":)" + value + "}", "\n{\"index\":{}}\n", "{\"index\":{}}\n", "\n")});
  }
  const auto add = [&bodies](std::string name, Format format, std::string bytes) {
    bodies.push_back({std::move(name), format, std::move(bytes)});
  };
  add("empty records", Format::otlp_protobuf,
      test::field(1, test::field(2, filled(std::string("\x12\0", 2), "", "", ""))));
  add("fields of two bytes", Format::otlp_protobuf, filled("\x20\x01", "", "", ""));
  add("tags of five bytes", Format::otlp_protobuf, filled(std::string("\xa0\x80\x80\x80\0\x01", 6), "", "", ""));
  add("groups", Format::otlp_protobuf, filled("\x23\x24", "", "", ""));
  add("64 groups", Format::otlp_protobuf, filled(repeated("\x23", 64) + repeated("\x24", 64), "", "", ""));
  add("empty resources", Format::otlp_protobuf, filled(std::string("\x0a\0", 2), "", "", ""));
  add("empty streams", Format::loki_protobuf, filled(std::string("\x0a\0", 2), "", "", ""));
  add("tiny entries", Format::loki_json, filled(R"(["",""])", ",", R"({"streams":[{"values":[)", "]}]}"));
  add("tiny objects in a row", Format::gelf, filled("{}", "", "", ""));
  add("tiny objects in a row", Format::datadog, filled("{}", " ", "", ""));
  add("tiny arrays in a row", Format::events, filled("[]", "", "{}", ""));
  add("tiny envelopes", Format::events, filled(R"({"logs":[""]})", "\n", "", ""));
  add("an envelope of tiny events", Format::events, filled("{}", ",", R"({"logs":[)", "]}"));
  add("tiny events", Format::hec_event, filled(R"({"event":0})", "", "", ""));
  add("a fault in the last event", Format::hec_event, filled(R"({"event":0})", "", "", "{}"));
  add("tiny pairs", Format::bulk, filled("{\"index\":{}}\n{}", "\n", "", "\n"));
  add("actions that differ", Format::bulk, filled("{\"delete\":{}}\n {\"delete\":{}}", "\n", "", "\n"));
  add("long actions", Format::bulk,
      filled("{\"index\":{\"a\":\"" + repeated("a", 60'000) + "\"}}\n{}\n", "{\"index\":{}}\n{}\n", "", ""));
  add("lines of a byte", Format::lines, filled("a", "\n", "", ""));
  add("no lines", Format::lines, std::string(body_bytes, '\r'));
  add("frames of a byte", Format::logplex, filled("1 a", "", "", ""));
}

std::vector<Body> bodies() {
  std::vector<Body> bodies;
  for (const auto& [name, value] : units()) {
    bodies.push_back({name, Format::json, filled(value, ",", R"({"messages":[{"v":[)", "]}]}")});
    // With one number that the quick reader leaves to the other, known only at the end.
    bodies.push_back(
        {name + ", read twice", Format::json, filled(value, ",", R"({"messages":[{"v":[)", ",1e1000000000]}]}")});
    bodies.push_back({name + " a line", Format::ndjson, filled(value, "\n", "", "\n")});
  }
  const auto json = [&bodies](std::string name, std::string bytes) {
    bodies.push_back({std::move(name), Format::json, std::move(bytes)});
  };
  json("tiny messages", filled("\"\"", ",", "[", "]"));
  json("tiny objects", filled("{}", ",", "[", "]"));
  json("fields of a packet", filled(R"("a":1)", ",", R"({"messages":[""],)", "}"));
  json("a key again and again", filled(R"("packet_i":1)", ",", R"({"messages":[""],)", "}"));
  json("a key twice, at its end", filled(R"("a":1)", ",", R"({"messages":[""],)", R"(,"messages":[""]})"));
  json("64 levels", filled(repeated("[", 61) + repeated("]", 61), ",", R"({"messages":[{"v":[)", "]}]}"));
  json("open brackets", std::string(body_bytes, '['));
  json("a string without end", "[\"" + std::string(body_bytes, 'a'));
  json("a fault at the end", filled("1", ",", R"({"messages":[{"v":[)", ",x]}]}"));
  bodies.push_back({"empty lines", Format::ndjson, std::string(body_bytes, '\n')});
  bodies.push_back({"a fault in the last line", Format::ndjson, filled("1", "\n", "", "\nx")});
  add_formats(bodies);
  return bodies;
}

/// What a stream takes, for each MiB of it or of its content, whichever is more; and what its longest step takes.
struct Decompression {
  double ms_per_mib = 1e9;
  double step_ms = 1e9;
};

Decompression decompress(Decompressor& decompressor, const test::HostileStream& stream) {
  constexpr std::size_t slice_max = std::size_t{256} << 10;
  constexpr std::size_t content_max = std::size_t{64} << 20;
  Decompression best;
  for (int i = 0; i < repetitions; ++i) {
    decompressor.begin(stream.bytes, content_max);
    std::vector<char> place(decompressor.contiguous_size().value_or(0) + slice_max);
    std::size_t size = 0;
    std::chrono::duration<double, std::milli> taken{};
    std::chrono::duration<double, std::milli> longest{};
    for (auto progress = Decompressor::Progress::more; progress == Decompressor::Progress::more;) {
      const std::size_t at = decompressor.contiguous_size() ? size : 0;
      const auto begun = Clock::now();
      const Decompressor::Step step = decompressor.step({place.data() + at, slice_max});
      const std::chrono::duration<double, std::milli> of_step = Clock::now() - begun;
      taken += of_step;
      longest = std::max(longest, of_step);
      size += step.written;
      progress = step.progress;
      if (progress == Decompressor::Progress::failed) std::printf("%s: failed\n", stream.name.c_str());
    }
    const double mib = static_cast<double>(std::max(stream.bytes.size(), size)) / (1 << 20);
    best.ms_per_mib = std::min(best.ms_per_mib, taken.count() / mib);
    best.step_ms = std::min(best.step_ms, longest.count());
  }
  return best;
}

/// Of all compressed bodies: the ms that the slowest takes per MiB.
double run_compressed() {
  double slowest = 0;
  std::string slowest_name;
  std::printf("\n%-34s %-13s %8s %8s\n", "compressed body of 1 MiB", "coding", "ms/step", "ms/MiB");
  for (const test::HostileStream& stream : test::hostile_streams(body_bytes)) {
    DecompressionWatch watch{&Clock::now, &os::thread_time};
    const auto decompressor = make_decompressor(stream.coding, &watch);
    const Decompression taken = decompress(*decompressor, stream);
    if (taken.ms_per_mib > slowest) slowest_name = stream.name;
    slowest = std::max(slowest, taken.ms_per_mib);
    std::printf("%-34s %-13s %8.2f %8.2f%s\n", stream.name.c_str(), std::string(to_string(stream.coding)).c_str(),
                taken.step_ms, taken.ms_per_mib, taken.ms_per_mib > limit_compressed_ms_per_mib ? "  TOO SLOW" : "");
  }
  std::printf("slowest: %s, %.1f ms/MiB of %.0f allowed\n", slowest_name.c_str(), slowest, limit_compressed_ms_per_mib);
  return slowest;
}

/// The best of some runs: what the body takes, and not what else the machine does.
double ms_per_mib(Decoder& decoder, core::BufferPool& pool, const Body& tried, std::size_t& accepted) {
  core::Buffer body = pool.take(tried.bytes.size());
  body.append(tried.bytes);
  double best = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    accepted += decoder.decode(tried.format, body).has_value() ? 1u : 0u;
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun;
    best = std::min(best, taken.count());
  }
  return best * static_cast<double>(std::size_t{1} << 20) / static_cast<double>(tried.bytes.size());
}

/// Fails on a slow body only if it `judges`: other programs may have the cores.
int run(bool judges) {
  core::BufferPool pool(body_bytes * 4);
  Decoder decoder;
  double ordinary = 0;
  double slowest = 0;
  std::size_t accepted = 0;
  std::string slowest_name;
  std::printf("%-34s %-13s %8s %8s\n", "body of 1 MiB", "format", "ns/byte", "ms/MiB");
  for (const Body& tried : bodies()) {
    const double ms = ms_per_mib(decoder, pool, tried, accepted);
    if (ordinary == 0) ordinary = ms;  // the first: log records
    if (ms > slowest) {
      slowest = ms;
      slowest_name = tried.name;
    }
    std::printf("%-34s %-13s %8.2f %8.2f%s\n", tried.name.c_str(), name_of(tried.format),
                ms * 1e6 / static_cast<double>(std::size_t{1} << 20), ms, ms > limit_ms_per_mib ? "  TOO SLOW" : "");
  }
  std::printf("slowest: %s, %.1f ms/MiB of %.0f allowed, %.1f times ordinary logs; %zu decodings accepted\n",
              slowest_name.c_str(), slowest, limit_ms_per_mib, slowest / ordinary, accepted);
  const double slowest_compressed = run_compressed();
  return judges && (slowest > limit_ms_per_mib || slowest_compressed > limit_compressed_ms_per_mib) ? 1 : 0;
}

}  // namespace
}  // namespace logdist::codec

int main(int count, char** arguments) {
  return logdist::codec::run(count > 1 && std::string_view(arguments[1]) == "--judge");
}
