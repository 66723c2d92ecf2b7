// Any bytes as pairs of lines, as lines, as frames, or as a journal: the same as a whole and in pieces.
#include "tests/fuzz/whole_and_pieces.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logdist::codec::Format;
  constexpr Format formats[] = {Format::bulk, Format::lines, Format::logplex, Format::journal};
  return logdist::codec::decode_input(formats, data, size);
}
