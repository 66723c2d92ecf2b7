// Any bytes as one of the formats made of JSON: the same as a whole and in pieces.
#include "tests/fuzz/whole_and_pieces.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using logdist::codec::Format;
  constexpr Format formats[] = {Format::otlp_json, Format::loki_json, Format::hec_event,   Format::datadog,
                                Format::gelf,      Format::firehose,  Format::events,      Format::events_any,
                                Format::json,      Format::ndjson,    Format::cloud_event, Format::cloud_event_batch};
  return logdist::codec::decode_input(formats, data, size);
}
