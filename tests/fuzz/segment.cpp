// Any bytes as a segment of the durable queue: as they are, as payloads, and as harm done to a good segment. Scans end,
// stand nowhere still, are the same in windows of any size, and find no record that was not written.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/check.hpp"
#include "logdist/queue/log/log_state.hpp"
#include "logdist/queue/log/record_batch.hpp"
#include "logdist/queue/log/segment_summary.hpp"
#include "tests/queue/log/segment_text.hpp"

namespace logdist::queue {
namespace {

using test::FoundRecord;
using test::scan;
using test::SegmentText;

void read_payloads(std::string_view bytes) {
  if (const auto groups = decode_settled(bytes)) LOGDIST_CHECK(decode_settled(encode_settled(*groups)) == groups);
  if (const auto metadata = decode_metadata(bytes)) {
    const auto again = encode_metadata(*metadata);
    LOGDIST_CHECK(!again || decode_metadata(*again) == metadata);
  }
  if (const auto figures = decode_balance(bytes)) {
    LOGDIST_CHECK(decode_balance(encode_balance(*figures)).has_value());
  }
  if (const auto summary = decode_seal(bytes)) {
    const auto again = decode_seal(encode_seal(*summary));
    LOGDIST_CHECK(again && again->packets == summary->packets && again->settled == summary->settled);
    LogState state;
    state.add_segment(1, bytes.size(), *summary);
    LOGDIST_CHECK(state.live_packets() <= summary->packets.size());
  }
  static_cast<void>(decode_segment_header(bytes));
  constexpr std::size_t records_max = std::size_t{1} << 16;
  if (const auto records = expand_batch(bytes, records_max)) LOGDIST_CHECK(records->size() <= records_max);
}

SummaryBuilder summed_up(std::string_view text, const SegmentMark& mark, std::size_t window,
                         std::vector<FoundRecord>& found) {
  SummaryBuilder builder(std::nullopt);
  found = scan(text, mark, window, &builder);
  return builder;
}

void harm_segment(FuzzedDataProvider& data) {
  SegmentText segment;
  std::vector<std::string> bodies;
  const auto records = data.ConsumeIntegralInRange<unsigned>(0, 12);
  for (unsigned record = 0; record < records; ++record) {
    bodies.push_back(data.ConsumeRandomLengthString(200));
    const auto type = static_cast<RecordType>(data.ConsumeIntegralInRange<int>(0, 5));
    segment.add(type, bodies.back(), 100 + record, 1);
    if (data.ConsumeBool()) segment.sync();
  }
  std::string text = segment.text();
  while (data.remaining_bytes() > 3 && text.size() > segment_header_bytes) {
    const std::size_t at = data.ConsumeIntegralInRange<std::size_t>(segment_header_bytes, text.size() - 1);
    if (data.ConsumeIntegralInRange(0, 9) == 0)
      text.resize(at);
    else
      text[at] = data.ConsumeIntegral<char>();
  }
  std::vector<FoundRecord> found;
  std::vector<FoundRecord> in_pieces;
  const SegmentSummary summary = summed_up(text, segment.mark(), text.size(), found).finish();
  summed_up(text, segment.mark(), 48, in_pieces);
  LOGDIST_CHECK(found.size() == in_pieces.size() && found.size() <= bodies.size());
  for (std::size_t index = 0; index < found.size(); ++index) {
    LOGDIST_CHECK(found[index].header.ordinal == in_pieces[index].header.ordinal);
    LOGDIST_CHECK(found[index].header.ordinal < bodies.size());
    LOGDIST_CHECK(found[index].body == bodies[found[index].header.ordinal]);
  }
  LOGDIST_CHECK(summary.records <= bodies.size() && summary.packets.size() <= found.size());
}

}  // namespace
}  // namespace logdist::queue

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  if (data.ConsumeBool()) {
    logdist::queue::harm_segment(data);
    return 0;
  }
  const std::string text = data.ConsumeRemainingBytesAsString();
  logdist::queue::read_payloads(text);
  const logdist::queue::SegmentMark mark = logdist::queue::SegmentHeader{.log_id = 7, .first_id = 100}.mark();
  logdist::test::scan(text, mark, 48);
  return 0;
}
