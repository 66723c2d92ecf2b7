// Any bytes as protobuf: the same as a whole and in pieces.
#include "tests/fuzz/whole_and_pieces.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logdist::codec::Format;
  constexpr Format formats[] = {Format::otlp_protobuf, Format::loki_protobuf};
  return logdist::codec::decode_input(formats, data, size);
}
