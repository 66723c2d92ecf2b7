#include "queue/disk/committer.hpp"

#include <cerrno>
#include <utility>

namespace logdist::queue {
namespace {

SettledGroup& group_for(std::vector<SettledGroup>& groups, const std::string& analyzer, SettledAs as) {
  for (SettledGroup& group : groups) {
    if (group.as == as && group.analyzer == analyzer) return group;
  }
  SettledGroup& group = groups.emplace_back();
  group.analyzer = analyzer;
  group.as = as;
  return group;
}

}  // namespace

bool Committer::is_full(const std::error_code& error) {
  return !error || error == std::errc::no_space_on_device || error.value() == EDQUOT;
}

Committer::Committer(const DurableLogOptions& options, FileSystem& files, DurableLogListener& listener, Intake& intake,
                     LogShared& shared, RecoveredLog recovered)
    : options_(options),
      files_(files),
      listener_(listener),
      intake_(intake),
      shared_(shared),
      previous_(recovered.last),
      balance_(std::move(recovered.balance)),
      settled_(std::move(recovered.settled_in_doubt)),
      last_first_id_(recovered.last.previous_first_id),
      reserve_bytes_(recovered.reserve_bytes == reserve_wanted() ? recovered.reserve_bytes : 0),
      damaged_bytes_(recovered.damaged_bytes) {}

bool Committer::begin(Instant now) {
  now_ = now;
  if (open_segment(SegmentUse::packets, 0, 0) || open_segment(SegmentUse::controls, 0, 0)) {
    if (!settled_.empty() && commit({}) && options_.sync && !sync()) abandon_segment();
    return true;
  }
  // A full disk is a state, which ends; what was accepted is to be delivered meanwhile.
  return refusal_ == AppendResult::no_space && is_full(last_error_);
}

TimePoint Committer::step(Instant now) {
  now_ = now;
  tidy();
  if (settle_due_ == never && intake_.has_others()) settle_due_ = now.steady + settlement_delay;
  const bool packets_due = intake_.has_packets() && now.steady >= next_commit_;
  if (packets_due || settle_due_ <= now.steady) {
    next_commit_ = now.steady + options_.commit_interval;
    settle_due_ = never;
    IntakeBatch batch = intake_.take();
    absorb(batch);
    commit(batch.packets);
    // What the disk did not take: to the reserve at once, or when the next try is due.
    const bool is_left = !outgoing_.empty() || !settled_.empty();
    settle_kept();
    call_loops();
    if (is_left) {
      settle_due_ = std::max(now.steady, retry_at_);
    } else if (!settled_.empty()) {
      settle_due_ = now.steady + settlement_delay;
    }
    tidy();
  }
  if (intake_.take_refused()) listener_.room_again();
  tell_doubt();
  return next_step();
}

void Committer::tell_doubt() {
  const MutexLock lock(shared_.mutex);
  shared_.counters.settlements_in_doubt = !settled_.empty() || !outgoing_.empty() || !unsynced_.empty();
}

TimePoint Committer::next_step() const {
  TimePoint next = settle_due_;
  if (intake_.has_packets()) next = std::min(next, next_commit_);
  if (next == never && intake_.has_others()) next = now_.steady + settlement_delay;
  if (refusal_ != AppendResult::taken) next = std::min(next, check_at_);
  return std::min(next, now_.steady + retry_delay);
}

void Committer::close(Instant now) {
  now_ = now;
  IntakeBatch batch = intake_.take();
  absorb(batch);
  commit(batch.packets);
  settle_kept();
  if (!outgoing_.empty() || !settled_.empty()) commit({});
  call_loops();
  if (segment_ && !seal()) abandon_segment();
  tell_doubt();
}

void Committer::absorb(IntakeBatch& batch) {
  std::size_t begin = 0;
  if (batch.balance) {
    absorb_settled(batch, 0, batch.balance_at);
    for (SettledPacket& kept : kept_) kept.analyzer.clear();  // likewise in the figures
    // These charges are in the figures already, and so are all that were not written yet.
    drop_superseded();
    pack_settled();
    outgoing_.push_back({RecordType::balance, encode_balance(*batch.balance)});
    balance_version_ = batch.balance_version;
    begin = batch.balance_at;
  }
  absorb_settled(batch, begin, batch.settled.size());
}

void Committer::drop_superseded() {
  for (SettledGroup& group : settled_) group.unstored_messages = 0;
  std::erase_if(settled_, [](const SettledGroup& group) { return group.packets.empty(); });
  std::erase_if(outgoing_, [](const ControlRecord& record) { return record.type == RecordType::balance; });
}

/// Settles what is stored; what is still in the batch leaves it, and is never written, unless it is to be retained, or
/// a dead letter.
void Committer::absorb_settled(IntakeBatch& batch, std::size_t begin, std::size_t end) {
  std::vector<PendingPacket> elided;
  const MutexLock lock(shared_.mutex);
  const auto find = [&batch](std::uint64_t id) {
    const auto found = std::lower_bound(batch.packets.begin(), batch.packets.end(), id,
                                        [](const PendingPacket& packet, std::uint64_t at) { return packet.id < at; });
    return found != batch.packets.end() && found->id == id ? found : batch.packets.end();
  };
  for (std::size_t index = begin; index < end; ++index) {
    SettledPacket& settled = batch.settled[index];
    const auto waiting = find(settled.id);
    const bool is_kept = options_.retains() || settled.as == SettledAs::dead_lettered;
    if (is_kept && waiting != batch.packets.end()) {
      if (settled.balance_version < balance_version_) settled.analyzer.clear();
      kept_.push_back(std::move(settled));
      continue;
    }
    const bool is_in_balance = settled.balance_version < balance_version_;
    SettledGroup& group = group_for(settled_, is_in_balance ? std::string() : settled.analyzer, settled.as);
    if (shared_.state.settle({settled.id, settled.messages}, settled.as)) {
      group.packets.push_back({settled.id, settled.messages});
      continue;
    }
    group.unstored_messages += settled.messages;
    if (waiting != batch.packets.end() && waiting->packet.messages != 0) {
      elided.push_back(*waiting);
      waiting->packet.messages = 0;  // no packet has none: marks it
    }
  }
  if (elided.empty()) return;
  std::erase_if(batch.packets, [](const PendingPacket& packet) { return packet.packet.messages == 0; });
  shared_.counters.packets_elided += elided.size();
  report(elided, StoreOutcome::elided);
}

/// They are written now, or were refused: then only their charges are.
void Committer::settle_kept() {
  if (kept_.empty()) return;
  const MutexLock lock(shared_.mutex);
  for (const SettledPacket& settled : std::exchange(kept_, {})) {
    SettledGroup& group = group_for(settled_, settled.analyzer, settled.as);
    if (shared_.state.settle({settled.id, settled.messages}, settled.as)) {
      group.packets.push_back({settled.id, settled.messages});
    } else {
      group.unstored_messages += settled.messages;
    }
  }
}

void Committer::pack_settled() {
  if (settled_.empty()) return;
  outgoing_.push_back({RecordType::settled, encode_settled(settled_)});
  settled_.clear();
}

bool Committer::commit(std::span<const PendingPacket> packets) {
  const SegmentUse use = packets.empty() ? SegmentUse::controls : SegmentUse::packets;
  const std::uint64_t next_packet_id = packets.empty() ? 0 : packets.front().id;
  const std::size_t payload =
      packets.empty() ? 0 : packets.front().packet.metadata.size() + packets.front().packet.body.size();
  if (!segment_ && !open_segment(use, next_packet_id, payload)) {
    refuse(packets);
    return false;
  }
  pack_settled();
  if (!packets.empty() && !segment_takes_packets_ && refusal_ != AppendResult::taken) {
    // What space there is is for settlements.
    refuse(packets);
    return commit({});
  }
  bool good = write_controls(use, next_packet_id) && write_packets(packets);
  if (good && options_.sync && (!unsynced_packets_.empty() || unsynced_bytes_ > unsynced_bytes_max)) good = sync();
  if (good) return true;
  if (segment_) abandon_segment();
  refuse(packets);
  return false;
}

bool Committer::write_controls(SegmentUse use, std::uint64_t next_packet_id) {
  bool fresh = false;
  while (controls_in_group_ < outgoing_.size()) {
    const ControlRecord& record = outgoing_[controls_in_group_];
    // One that fits in no segment, as the reserve may be, goes beyond its end.
    if (!segment_->fits(record.payload.size()) && !fresh) {
      if (!write_group() || !roll(use, next_packet_id, record.payload.size())) return false;
      fresh = true;
      continue;
    }
    RecordHeader header;
    header.type = record.type;
    segment_->add(header, {}, record.payload);
    ++controls_in_group_;
    fresh = false;
  }
  const bool any = controls_in_group_ > 0;
  if (!write_group()) return false;
  if (any) files_.reached(CrashPoint::journal_settled_written);
  return true;
}

bool Committer::write_packets(std::span<const PendingPacket> packets) {
  for (const PendingPacket& pending : packets) {
    const NewPacket& packet = pending.packet;
    const std::size_t payload = packet.metadata.size() + packet.body.size();
    if (!segment_takes_packets_ || !segment_->fits(payload)) {
      if (!write_group() || !roll(SegmentUse::packets, pending.id, payload)) return false;
    } else if (segment_->group_records() >= group_records_max && !write_group()) {
      return false;
    }
    RecordHeader header;
    header.payload_crc = pending.crc;
    header.messages = packet.messages;
    header.id = pending.id;
    header.time_ns = packet.received_at_ns;
    const LogPosition place{segment_->header().first_id, segment_->next_offset()};
    segment_->add(header, packet.metadata, packet.body);
    group_packets_.push_back(pending);
    group_packets_.back().place = place;
  }
  return write_group();
}

bool Committer::write_group() {
  if (segment_->group_records() == 0) return true;
  files_.reached(CrashPoint::journal_before_write);
  if (const std::error_code error = segment_->write()) {
    files_.reached(CrashPoint::journal_write_failed);
    return failed(error, LogNotice::Kind::write_failed, segment_->header().first_id);
  }
  files_.reached(CrashPoint::journal_written);
  unsynced_packets_.insert(unsynced_packets_.end(), group_packets_.begin(), group_packets_.end());
  group_packets_.clear();
  for (; controls_in_group_ > 0; --controls_in_group_) {
    unsynced_bytes_ += outgoing_.front().payload.size();
    unsynced_.push_back(std::move(outgoing_.front()));
    outgoing_.pop_front();
  }
  if (options_.sync) return true;
  segment_->count_written();
  acknowledge();
  return true;
}

bool Committer::sync() {
  const TimePoint begun = Clock::now();
  if (const std::error_code error = segment_->sync()) {
    files_.reached(CrashPoint::journal_sync_failed);
    return failed(error, LogNotice::Kind::sync_failed, segment_->header().first_id);
  }
  files_.reached(CrashPoint::journal_synced);
  listener_.synced(unsynced_packets_.size(), Clock::now() - begun);
  acknowledge();
  return true;
}

/// All that was written counts: as far as it is synced, or at once where nothing is.
void Committer::acknowledge() {
  if (!unsynced_.empty()) balance_ = segment_->balance();
  unsynced_.clear();
  unsynced_bytes_ = 0;
  failures_ = 0;
  {
    const MutexLock lock(shared_.mutex);
    for (const PendingPacket& packet : unsynced_packets_) {
      shared_.state.add_packet({packet.id, packet.packet.messages}, packet.packet.received_at_ns);
    }
    if (LogSegment* const segment = shared_.state.find(segment_->header().first_id)) {
      segment->end_offset = segment_->end_offset();
    }
    shared_.counters.packets_written += unsynced_packets_.size();
    shared_.counters.syncs += options_.sync ? 1 : 0;
  }
  if (unsynced_packets_.empty()) return;
  report(unsynced_packets_, StoreOutcome::durable);
  unsynced_packets_.clear();
  call_loops();
  files_.reached(CrashPoint::journal_acknowledged);
}

/// Those of `packets` that have no report yet are not kept.
void Committer::refuse(std::span<const PendingPacket> packets) {
  const StoreOutcome outcome = refusal_ == AppendResult::no_space ? StoreOutcome::no_space : StoreOutcome::failed;
  std::vector<PendingPacket> refused = std::exchange(unsynced_packets_, {});
  refused.insert(refused.end(), group_packets_.begin(), group_packets_.end());
  group_packets_.clear();
  // Packets are written in their order: behind the last that was acknowledged or refused, none was.
  const std::uint64_t last = refused.empty() ? last_reported_ : refused.back().id;
  for (const PendingPacket& packet : packets) {
    if (packet.id > last) refused.push_back(packet);
  }
  report(refused, outcome);
}

void Committer::report(std::span<const PendingPacket> packets, StoreOutcome outcome) {
  if (outcome != StoreOutcome::elided && !packets.empty()) last_reported_ = packets.back().id;
  intake_.report(packets, outcome, loops_to_call_);
}

void Committer::call_loops() {
  for (const LoopId loop : std::exchange(loops_to_call_, {})) listener_.reports_ready(loop);
}

}  // namespace logdist::queue
