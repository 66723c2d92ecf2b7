// Any bytes as a journal: cut at the same places whether it comes as a whole or in pieces. The first byte is the
// size of the pieces.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/check.hpp"
#include "logdist/codec/journal_splitter.hpp"

namespace logdist::codec {
namespace {

constexpr std::size_t entry_bytes_max = 4096;

struct Cuts {
  std::vector<std::size_t> ends;
  JournalSplitter::End end = JournalSplitter::End::between_entries;
  bool too_large = false;
};

Cuts cut(std::string_view stream, std::size_t piece_bytes) {
  JournalSplitter splitter(entry_bytes_max);
  Cuts cuts;
  for (std::size_t at = 0; at < stream.size() && !splitter.error(); at += piece_bytes) {
    const std::string piece(stream.substr(at, piece_bytes));
    for (std::size_t begin = 0; begin < piece.size() && !splitter.error();) {
      const auto [taken, entry_ends] = splitter.step(std::string_view(piece).substr(begin));
      begin += taken;
      LOGDIST_CHECK(begin <= piece.size());
      LOGDIST_CHECK(entry_ends || begin == piece.size() || splitter.error());
      LOGDIST_CHECK(splitter.error() || splitter.entry_bytes() <= entry_bytes_max);
      if (entry_ends) cuts.ends.push_back(at + begin);
    }
  }
  cuts.end = splitter.finish();
  LOGDIST_CHECK((cuts.end == JournalSplitter::End::within_entry) == splitter.error().has_value());
  if (splitter.error()) {
    LOGDIST_CHECK(splitter.error()->offset <= stream.size());
    cuts.too_large = splitter.error()->too_large;
  }
  return cuts;
}

}  // namespace
}  // namespace logdist::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = logdist::codec::cut(stream, stream.size() + 1);
  const auto pieces = logdist::codec::cut(stream, data[0] + std::size_t{1});
  LOGDIST_CHECK(whole.ends == pieces.ends);
  LOGDIST_CHECK(whole.end == pieces.end);
  LOGDIST_CHECK(whole.too_large == pieces.too_large);
  return 0;
}
