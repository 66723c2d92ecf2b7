#include "tests/sim/disk_planted.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "logdist/queue/disk/durable_log.hpp"
#include "logdist/queue/log/log_state.hpp"
#include "tests/sim/wrap.hpp"

namespace logdist::sim {
namespace {

DiskDefect planted = DiskDefect::none;
std::uint64_t calls = 0;

bool has(DiskDefect defect) { return planted == defect; }
/// Once in `often` calls.
bool strikes(DiskDefect defect, std::uint64_t often) { return has(defect) && ++calls % often == 0; }

}  // namespace

void plant(DiskDefect defect) {
  planted = defect;
  calls = 0;
}

LOGDIST_WRAP(
    std::unique_ptr<queue::DurableLog>, open_log,
    "_ZN7logdist5queue10DurableLog4openERKNS0_17DurableLogOptionsERNS0_10FileSystemERNS0_18DurableLogListenerERNS0_"
    "9OpenErrorENSt6chrono10time_pointINSB_3_V212steady_clockENSB_8durationIlSt5ratioILl1ELl1000000000EEEEEEl",
    const queue::DurableLogOptions& options, queue::FileSystem& files, queue::DurableLogListener& listener,
    queue::OpenError& error, TimePoint now, std::int64_t unix_ns) {
  queue::DurableLogOptions heard = options;
  heard.sync = heard.sync && !has(DiskDefect::reported_before_sync);
  return original_open_log(heard, files, listener, error, now, unix_ns);
}

LOGDIST_WRAP(void, settle, "_ZN7logdist5queue10DurableLog6settleESt4spanIKNS0_13SettledPacketELm18446744073709551615EE",
             queue::DurableLog* log, std::span<const queue::SettledPacket> packets) {
  std::vector<queue::SettledPacket> heard;
  for (const queue::SettledPacket& packet : packets) {
    if (strikes(DiskDefect::settlement_forgotten, 20)) continue;
    heard.push_back(packet);
    if (has(DiskDefect::charge_forgotten)) heard.back().analyzer.clear();
  }
  original_settle(log, heard);
}

LOGDIST_WRAP(void, collect, "_ZN7logdist5queue10DurableLog7collectEjRSt6vectorINS0_11StoreReportESaIS3_EE",
             queue::DurableLog* log, LoopId loop, std::vector<queue::StoreReport>& reports) {
  original_collect(log, loop, reports);
  for (const queue::StoreReport& report : reports) {
    if (report.outcome != queue::StoreOutcome::durable || !strikes(DiskDefect::settled_before_delivery, 20)) continue;
    const queue::SettledPacket settled{report.id, 1, queue::SettledAs::delivered, {}};
    original_settle(log, std::span(&settled, 1));
  }
}

LOGDIST_WRAP(void, add_packet, "_ZN7logdist5queue8LogState10add_packetENS0_11PacketEntryEl", queue::LogState* state,
             queue::PacketEntry packet, std::int64_t time_ns) {
  if (!strikes(DiskDefect::dropped_from_index, 20)) original_add_packet(state, packet, time_ns);
}

}  // namespace logdist::sim
