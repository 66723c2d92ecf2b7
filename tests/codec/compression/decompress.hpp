// What the tests of decompression have in common.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>

#include "logdist/base/random.hpp"
#include "logdist/codec/compression/decompressor.hpp"

namespace logdist::codec {

inline constexpr std::size_t plenty = std::size_t{64} << 20;

struct Decompressed {
  std::string content;
  std::optional<DecompressError> error;
  std::size_t steps = 0;
};

/// Decompresses in slices of `slice` bytes, into one place where the format wants that.
inline Decompressed decompress(Decompressor& reader, std::string_view body, std::size_t slice,
                               std::size_t content_max = plenty) {
  reader.begin(body, content_max);
  Decompressed result;
  std::string place(reader.contiguous_size().value_or(0) + slice, '\0');
  for (std::size_t at = 0;;) {
    const Decompressor::Step step = reader.step(std::span(place).subspan(at, slice));
    ++result.steps;
    EXPECT_LE(step.written, slice);
    result.content.append(place, at, step.written);
    if (reader.contiguous_size()) at += step.written;
    if (step.progress == Decompressor::Progress::failed) result.error = reader.error();
    if (step.progress != Decompressor::Progress::more) return result;
  }
}

/// Log lines, some of them alike; a tenth of what cannot be compressed.
inline std::string text_of(std::size_t size, Random& random) {
  std::string text;
  while (text.size() < size) {
    if (random.below(10) == 0) {
      for (std::uint64_t count = random.below(2000); count > 0; --count) text += static_cast<char>(random.below(256));
    }
    text += R"({"level":"info","service":"checkout","order":)" + std::to_string(random.below(100'000)) + "}\n";
  }
  text.resize(size);
  return text;
}

}  // namespace logdist::codec
