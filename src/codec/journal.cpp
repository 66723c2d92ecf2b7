#include "codec/journal.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "logdist/codec/journal_splitter.hpp"

namespace logdist::codec {
namespace {

/// Counts the entries. A body without any is a success.
class EntryReader final : public BodyReader {
 public:
  bool feed(std::string_view piece) override {
    while (!piece.empty() && !splitter_.error()) {
      const JournalSplitter::Step step = splitter_.step(piece);
      piece.remove_prefix(step.taken);
      if (step.entry_ends) ++entries_;
    }
    return !splitter_.error();
  }

  DecodeResult finish() override {
    const JournalSplitter::End end = splitter_.finish();
    if (end == JournalSplitter::End::with_entry) ++entries_;
    if (const auto& error = splitter_.error()) {
      return DecodeError{DecodeErrorCode::invalid_body, std::string(error->detail), error->offset, entries_};
    }
    return Decoded{entries_};
  }

 private:
  JournalSplitter splitter_{std::numeric_limits<std::size_t>::max()};  // the body has a limit of its own
  std::uint32_t entries_ = 0;
};

}  // namespace

DecodeResult JournalDecoder::decode(std::string_view body) {
  EntryReader reader;
  reader.feed(body);
  return reader.finish();
}

std::unique_ptr<BodyReader> JournalDecoder::in_pieces() const { return std::make_unique<EntryReader>(); }

}  // namespace logdist::codec
