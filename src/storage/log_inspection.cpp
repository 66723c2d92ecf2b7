#include "logdist/storage/log_inspection.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "logdist/queue/disk/segment_reader.hpp"

namespace logdist::storage {

using queue::RecordType;
using queue::ScanStep;

class LogInspection::Impl {
 public:
  Impl(std::string directory, queue::FileSystem& files) : directory_(std::move(directory)), files_(files) {}

  std::string read() {
    std::vector<queue::FileEntry> entries;
    if (const std::error_code error = files_.list(directory_, entries)) return directory_ + ": " + error.message();
    for (queue::FileEntry& entry : entries) {
      const auto first_id = queue::parse_segment_name(entry.name);
      if (!first_id) continue;
      Found found{*first_id, {}, {}};
      found.segment.name = entry.name;
      found.segment.bytes = entry.bytes;
      if (std::string fault = read_header(found); !fault.empty()) return fault;
      found_.push_back(std::move(found));
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& one, const Found& other) { return one.first_id < other.first_id; });
    for (std::size_t index = 0; index < found_.size(); ++index) {
      if (std::string fault = read_segment(index); !fault.empty()) return fault;
    }
    for (std::size_t index = 0; index < found_.size(); ++index) {
      if (std::string fault = count_packets(index); !fault.empty()) return fault;
      segments_.push_back(found_[index].segment);
    }
    return {};
  }

  const std::vector<InspectedSegment>& segments() const { return segments_; }

  std::string for_each(const std::function<void(const InspectedPacket&)>& visit) const {
    for (std::size_t index = 0; index < found_.size(); ++index) {
      if (std::string fault = for_each_packet(index, visit); !fault.empty()) return fault;
    }
    return {};
  }

 private:
  struct Found {
    std::uint64_t first_id = 0;
    InspectedSegment segment;
    queue::SegmentHeader header;
    std::optional<std::uint32_t> records_max{};  ///< what lies behind them is void
  };

  using Place = std::pair<std::size_t, std::uint64_t>;  ///< in found_, and the offset there

  std::string path_of(const Found& found) const { return directory_ + "/" + found.segment.name; }

  std::string read_header(Found& found) {
    queue::DecodedSegmentHeader decoded;
    if (const std::error_code error = queue::read_segment_header(files_, path_of(found), decoded)) {
      return path_of(found) + ": " + error.message();
    }
    if (decoded.state == queue::SegmentHeaderState::newer) {
      return path_of(found) + " is of format " + std::to_string(decoded.version) + "; this program reads none above " +
             std::to_string(queue::log_format_version);
    }
    found.segment.has_header = decoded.state == queue::SegmentHeaderState::good;
    if (found.segment.has_header) {
      found.header = decoded.header;
      log_id_ = decoded.header.log_id;
    }
    return {};
  }

  /// Which packets it settles, and what is damaged.
  std::string read_segment(std::size_t index) {
    Found& found = found_[index];
    if (!found.segment.has_header) found.header = {.log_id = log_id_, .first_id = found.first_id};
    std::uint32_t stable = 0;
    for (std::size_t later = index + 1; later < found_.size() && !found.records_max; ++later) {
      const Found& next = found_[later];
      if (!next.segment.has_header || next.header.previous_first_id != found.first_id) continue;
      found.records_max = next.header.previous_records;
      stable = next.header.previous_stable;
    }
    queue::SummaryBuilder builder(std::nullopt, found.records_max, stable);
    const std::string fault = scan(found, [&](const ScanStep& step, std::uint64_t offset) {
      builder.add(step, offset);
      if (!counts(found, step)) return;
      if (step.header.type == RecordType::packet && step.header.copy) copies_[step.header.id] = {index, offset};
      if (step.header.type != RecordType::settled) return;
      if (const auto groups = queue::decode_settled(step.body)) settle(*groups);
    });
    const queue::SegmentSummary summary = builder.finish();
    found.segment.records = summary.records;
    found.segment.damaged = summary.damaged;
    found.segment.torn_records = summary.torn_records;
    return fault.empty() ? read_seal(found) : fault;
  }

  /// What is said first holds: earlier versions have said it again at a start, and all as delivered.
  void settle(const std::vector<queue::SettledGroup>& groups) {
    for (const queue::SettledGroup& group : groups) {
      for (const queue::PacketEntry& packet : group.packets) settled_.try_emplace(packet.id, group.as);
    }
  }

  /// A start believes a seal that is whole, also where a settlement before it is damaged. It does not say of all how
  /// they were settled.
  std::string read_seal(const Found& found) {
    std::optional<queue::SegmentSummary> sealed;
    const std::error_code error =
        queue::read_sealed_summary(files_, path_of(found), found.header.mark(), found.segment.bytes, sealed);
    if (error) return path_of(found) + ": " + error.message();
    if (sealed && (!found.records_max || sealed->records == *found.records_max)) settle(sealed->settled_groups());
    return {};
  }

  std::string count_packets(std::size_t index) {
    InspectedSegment& segment = found_[index].segment;
    return for_each_packet(index, [&](const InspectedPacket& packet) {
      ++segment.packets;
      if (!packet.settled) ++segment.unsettled;
    });
  }

  std::string for_each_packet(std::size_t index, const std::function<void(const InspectedPacket&)>& visit) const {
    const Found& found = found_[index];
    return scan(found, [&](const ScanStep& step, std::uint64_t offset) {
      if (!counts(found, step) || step.header.type != RecordType::packet) return;
      // One that was moved to the end is there, however often.
      const auto copy = copies_.find(step.header.id);
      if (copy != copies_.end() && copy->second != Place{index, offset}) return;
      const auto metadata = queue::decode_metadata(step.metadata);
      InspectedPacket packet{step.header.id, step.header.time_ns, step.header.messages, {}, step.body, {}};
      if (metadata) packet.metadata = *metadata;
      if (const auto settled = settled_.find(step.header.id); settled != settled_.end())
        packet.settled = settled->second;
      visit(packet);
    });
  }

  static bool counts(const Found& found, const ScanStep& step) {
    return step.kind == ScanStep::Kind::record && (!found.records_max || step.header.ordinal < *found.records_max);
  }

  std::string scan(const Found& found, const std::function<void(const ScanStep&, std::uint64_t)>& visit) const {
    std::error_code error;
    std::unique_ptr<queue::File> file = files_.open(path_of(found), queue::FileSystem::Open::read, error);
    if (!file) return path_of(found) + ": " + error.message();
    queue::SegmentReader reader(std::move(file), found.header.mark(), found.segment.bytes);
    for (ScanStep step;;) {
      const std::uint64_t offset = reader.offset();
      error = reader.next(step);
      if (error) return path_of(found) + ": " + error.message();
      if (step.kind == ScanStep::Kind::end) return {};
      visit(step, offset);
    }
  }

  const std::string directory_;
  queue::FileSystem& files_;
  std::uint64_t log_id_ = 0;
  std::vector<Found> found_;  ///< oldest first
  std::vector<InspectedSegment> segments_;
  std::unordered_map<std::uint64_t, queue::SettledAs> settled_;
  std::unordered_map<std::uint64_t, Place> copies_;  ///< the last of each packet that has any
};

std::unique_ptr<LogInspection> LogInspection::open(const std::string& directory, queue::FileSystem& files,
                                                   std::string& error) {
  auto impl = std::make_unique<Impl>(directory, files);
  error = impl->read();
  if (!error.empty()) return nullptr;
  return std::unique_ptr<LogInspection>(new LogInspection(std::move(impl)));
}

LogInspection::LogInspection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogInspection::~LogInspection() = default;

const std::vector<InspectedSegment>& LogInspection::segments() const { return impl_->segments(); }

std::string LogInspection::for_each(const std::function<void(const InspectedPacket&)>& visit) const {
  return impl_->for_each(visit);
}

}  // namespace logdist::storage
