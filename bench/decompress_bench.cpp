// What decompressing costs, in bytes of content, by slices of 256 KiB: log lines that shrink to an eighth, in bodies of
// 30 KB and of 3 MB; and gzip by either library.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "codec/compression/inflate_decompressor.hpp"
#include "logdist/base/check.hpp"
#include "logdist/base/random.hpp"
#include "logdist/codec/compression/decompressor.hpp"
#include "logdist/os/thread_time.hpp"
#include "tests/support/compress.hpp"

namespace logdist::codec {
namespace {

using namespace logdist::test;

constexpr std::size_t slice_bytes = std::size_t{256} << 10;

std::string log_lines(std::size_t bytes) {
  Random random(1);
  std::string text;
  while (text.size() < bytes) {
    text += R"({"time":"2024-06-11T08:15:)" + std::to_string(random.below(60)) +
            R"(.123456Z","level":"info","service":"checkout","host":"node-)" + std::to_string(random.below(20)) +
            R"(","trace":")" + std::to_string(random.below(1'000'000'000)) + R"(","text":"order accepted","user":)" +
            std::to_string(random.below(10'000)) + "}\n";
  }
  return text;
}

void decompress(benchmark::State& state, Decompressor& reader, const std::string& content, const std::string& body) {
  const std::unique_ptr<char[]> place(new char[content.size() + slice_bytes]);
  for (auto _ : state) {
    reader.begin(body, content.size());
    std::size_t at = 0;
    Decompressor::Step step;
    while (step.progress == Decompressor::Progress::more) {
      step = reader.step({place.get() + at, slice_bytes});
      at += step.written;
    }
    LOGDIST_CHECK(step.progress == Decompressor::Progress::complete && at == content.size());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(content.size()) * state.iterations());
  state.counters["ratio"] = static_cast<double>(content.size()) / static_cast<double>(body.size());
}

void by_coding(benchmark::State& state, ContentCoding coding, std::string (*compress)(std::string_view)) {
  const std::string content = log_lines(static_cast<std::size_t>(state.range(0)));
  DecompressionWatch watch{&Clock::now, &os::thread_time};
  const auto reader = make_decompressor(coding, &watch);
  decompress(state, *reader, content, compress(content));
}

std::string gzip_6(std::string_view content) { return gzip(content); }
std::string zlib_6(std::string_view content) { return zlib(content); }
std::string zstd_3(std::string_view content) { return zstd(content); }
std::string framed(std::string_view content) { return snappy_framed(content); }

BENCHMARK_CAPTURE(by_coding, gzip, ContentCoding::gzip, gzip_6)->Arg(30'000)->Arg(3'000'000);
BENCHMARK_CAPTURE(by_coding, deflate, ContentCoding::deflate, zlib_6)->Arg(30'000)->Arg(3'000'000);
BENCHMARK_CAPTURE(by_coding, zstd, ContentCoding::zstd, zstd_3)->Arg(30'000)->Arg(3'000'000);
BENCHMARK_CAPTURE(by_coding, snappy_block, ContentCoding::snappy, snappy_block)->Arg(30'000)->Arg(3'000'000);
BENCHMARK_CAPTURE(by_coding, snappy_framed, ContentCoding::snappy, framed)->Arg(30'000)->Arg(3'000'000);

void gzip_by_zlib(benchmark::State& state) {
  const std::string content = log_lines(static_cast<std::size_t>(state.range(0)));
  GzipDecompressor reader(make_zlib_stream());
  decompress(state, reader, content, gzip(content));
}
BENCHMARK(gzip_by_zlib)->Arg(30'000)->Arg(3'000'000);

/// The library alone, the whole content at once: what by_coding/gzip is measured by.
void gzip_by_isal_alone(benchmark::State& state) {
  const std::string content = log_lines(static_cast<std::size_t>(state.range(0)));
  const std::string body = gzip(content);
  const auto stream = make_inflate_stream();
  std::string place(content.size(), '\0');
  for (auto _ : state) {
    stream->begin(InflateWrapper::gzip);
    const InflateStream::Result result = stream->inflate(body, place);
    LOGDIST_CHECK(result.written == content.size());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(content.size()) * state.iterations());
}
BENCHMARK(gzip_by_isal_alone)->Arg(30'000)->Arg(3'000'000);

}  // namespace
}  // namespace logdist::codec
