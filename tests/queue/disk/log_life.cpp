#include "tests/queue/disk/log_life.hpp"

#include <algorithm>

#include "logdist/queue/log/record.hpp"

namespace logdist::test {
namespace {

using namespace std::chrono_literals;
using queue::AppendResult;
using queue::NewPacket;
using queue::StoreOutcome;

constexpr unsigned events_of_a_life = 160;

}  // namespace

LogLife::LogLife(std::uint64_t seed) : seed_(seed), random_(seed), disk_(seed ^ 0x5151) { draw_plan(); }

void LogLife::draw_plan() {
  options_.directory = "/queue";
  options_.own_thread = false;
  options_.log_id = random_.next() | 1;
  options_.loops = 2;
  options_.sync = random_.below(4) != 0;
  options_.commit_interval = random_.below(2) == 0 ? 0ms : 5ms;
  options_.segment_bytes = std::uint64_t{1024} << random_.below(5);
  options_.pending_packets_max = 64;
  options_.max_disk = random_.below(4) == 0 ? options_.segment_bytes * 6 : std::uint64_t{1} << 30;
  if (random_.below(6) == 0) options_.retain_for = 1s;
  if (random_.below(6) == 0) options_.retain_bytes = options_.segment_bytes * 3;
  flips_ = random_.below(5) == 0;
  settle_share_ = static_cast<std::uint32_t>(20 + random_.below(60));
  dead_share_ = random_.below(2) == 0 ? 0 : 12;
  was_full_ = options_.max_disk < std::uint64_t{1} << 30;
  body_max_ = random_.below(2) == 0 ? 100 : 700;
  compresses_ = random_.below(2) == 0;
  options_.compress = compresses_;
  for (const char* const name : {"a", "b", "c"}) {
    queue::AnalyzerFigures& analyzer = figures_.analyzers.emplace_back();
    analyzer.name = name;
    analyzer.weight = 1 + random_.below(5);
    analyzer.in_service = name[0] != 'c' || random_.below(2) == 0;
  }
}

void LogLife::broken(const std::string& what) { broken_.push_back("seed " + std::to_string(seed_) + ": " + what); }

void LogLife::noticed(const queue::LogNotice& notice) { ++notices_[static_cast<std::size_t>(notice.kind)]; }

std::vector<std::string> LogLife::run() {
  try {
    plan_crash();
    open();
    log_->set_balance(figures_);
  } catch (const SimulatedCrash&) {
    reopen(random_.below(2) == 0);
  }
  for (unsigned count = 0; count < events_of_a_life && broken_.empty(); ++count) {
    try {
      event();
    } catch (const SimulatedCrash&) {
      reopen(random_.below(2) == 0);
    }
  }
  if (broken_.empty()) heal();
  return broken_;
}

void LogLife::event() {
  const std::uint64_t draw = random_.below(100);
  if (draw < 35) {
    append();
  } else if (draw < 55) {
    settle();
  } else if (draw < 85) {
    step(20ms);
  } else if (draw < 90) {
    step(1500ms);
  } else if (draw < 93) {
    change_weather();
  } else if (draw < 95) {
    log_->set_balance(figures_);
  } else if (draw < 97) {
    read_back();
  } else if (draw < 99) {
    plan_crash();
  } else {
    log_->close(now_, unix_ns_);
    collect();
    if (!log_->status().settlements_in_doubt) doubt_messages_ = 0;
    reopen(false);
  }
}

void LogLife::append() {
  std::vector<Packet> packets(1 + random_.below(6));
  std::vector<NewPacket> views;
  for (Packet& packet : packets) {
    packet.body.reserve(64);  // on the heap, where it stays when the packet moves
    packet.metadata = *queue::encode_metadata({.packet_id = "id-" + std::to_string(random_.next())});
    packet.body.resize(random_.below(40) == 0 ? options_.segment_bytes + random_.below(3000)
                                              : random_.below(body_max_));
    // Of few letters, so that it can be compressed, or of all.
    const std::uint64_t letters = compresses_ && random_.below(2) == 0 ? 3 : 255;
    for (char& byte : packet.body) byte = static_cast<char>(random_.next() & letters);
    packet.messages = static_cast<std::uint32_t>(1 + random_.below(50));
    packet.received_at_ns = unix_ns_;
    packet.sticky = random_.below(40) == 0;
  }
  for (const Packet& packet : packets) {
    views.push_back({packet.messages, packet.received_at_ns, packet.metadata, packet.body});
  }
  std::uint64_t id = 0;
  if (log_->append(static_cast<LoopId>(random_.below(2)), views, id) != AppendResult::taken) return;
  for (Packet& packet : packets) {
    if (packets_.contains(id)) broken("id " + std::to_string(id) + " was given twice");
    packets_[id++] = std::move(packet);
  }
}

void LogLife::settle() {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, packet] : packets_) {
    const bool open = packet.promise != Promise::refused && packet.promise != Promise::elided;
    if (open && packet.done == Done::no && !packet.sticky && random_.below(100) < settle_share_) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) settle_one(id);
}

void LogLife::settle_one(std::uint64_t id) {
  Packet& packet = packets_.at(id);
  const std::string analyzer(1, static_cast<char>('a' + random_.below(3)));
  packet.is_dead = random_.below(100) < dead_share_;
  const queue::SettledPacket settled{
      id, packet.messages, packet.is_dead ? queue::SettledAs::dead_lettered : queue::SettledAs::delivered, analyzer};
  log_->settle(std::span(&settled, 1));
  packet.done = Done::in_doubt;
  figures_.charge(analyzer, packet.messages);
  doubt_messages_ += packet.messages;
}

void LogLife::step(Duration most) {
  const auto elapsed = Duration(random_.below(static_cast<std::uint64_t>(most.count())));
  now_ += elapsed;
  unix_ns_ += elapsed.count();
  log_->step(now_, unix_ns_);
  collect();
  if (log_->status().settlements_in_doubt) return;
  doubt_messages_ = 0;
  figures_known_ = true;
  for (auto& [id, packet] : packets_) {
    if (packet.done != Done::in_doubt) continue;
    packet.done = Done::surely;
    if (packet.is_dead && packet.promise == Promise::durable) dead_letters_.insert(id);
  }
}

void LogLife::collect() {
  std::vector<queue::StoreReport> reports;
  for (LoopId loop = 0; loop < 2; ++loop) log_->collect(loop, reports);
  std::sort(reports.begin(), reports.end(), [](const auto& left, const auto& right) { return left.id < right.id; });
  for (const queue::StoreReport& report : reports) {
    const auto found = packets_.find(report.id);
    if (found == packets_.end() || found->second.promise != Promise::pending) {
      broken("a report for " + std::to_string(report.id) + ", which waits for none");
      continue;
    }
    Packet& packet = found->second;
    packet.promise = report.outcome == StoreOutcome::durable  ? Promise::durable
                     : report.outcome == StoreOutcome::elided ? Promise::elided
                                                              : Promise::refused;
    if (packet.promise == Promise::elided && packet.done == Done::no) broken("elided, but not settled");
    if (packet.promise == Promise::elided && packet.is_dead) broken("elided, and it is a dead letter");
    if (packet.promise != Promise::durable) continue;
    for (auto& [id, other] : packets_) {
      if (id < report.id && other.promise == Promise::refused) other.is_void = true;
    }
  }
}

void LogLife::change_weather() {
  disk_.faults = {};
  disk_.capacity = std::uint64_t{1} << 40;
  disk_.read_only = false;
  const std::uint64_t weather = random_.below(8);
  was_full_ = was_full_ || weather == 3 || weather == 4;
  switch (weather) {
    case 0: disk_.faults.write_ppm = 200'000; break;
    case 1: disk_.faults.sync_ppm = 200'000; break;
    case 2: disk_.faults.remove_ppm = 500'000; break;
    case 3: disk_.capacity = 0; break;
    case 4: disk_.capacity = options_.segment_bytes * (2 + random_.below(8)); break;
    case 5: disk_.read_only = true; break;
    default: break;
  }
}

void LogLife::plan_crash() {
  if (random_.below(3) == 0) {
    disk_.crash_after(1 + random_.below(60));
  } else {
    // A damaged file is set aside once a life at most, and seldom before its end.
    if (flipped_ > 0 && random_.below(2) == 0) return disk_.crash_at(queue::CrashPoint::segment_set_aside, 1);
    const std::uint64_t point = recoveries_ == 0 ? seed_ : random_.next();
    disk_.crash_at(static_cast<queue::CrashPoint>(point % queue::crash_point_names.size()),
                   static_cast<unsigned>(1 + random_.below(3)));
  }
}

/// A reader gives what is kept and not done, once each.
void LogLife::read_back() {
  queue::PacketReader reader(*log_, 0, ~std::uint64_t{0});
  std::vector<queue::StoredPacket> found;
  while (reader.read(1 + random_.below(2000), found)) {
    if (random_.below(8) == 0) step(20ms);
  }
  std::map<std::uint64_t, bool> seen;
  for (const queue::StoredPacket& packet : found) {
    if (!seen.emplace(packet.id, true).second) broken("read back twice: " + std::to_string(packet.id));
  }
}

void LogLife::reopen(bool power_cut) {
  ++recoveries_;
  lossy_ = lossy_ || (power_cut && !options_.sync);
  bool flipped = false;
  for (bool first = true;; first = false) {
    if (log_ && first) collect();
    log_.reset();
    disk_.restart(power_cut);
    disk_.faults = {};
    disk_.read_only = false;
    disk_.capacity = std::uint64_t{1} << 40;
    if (flips_ && !flipped && random_.below(2) == 0) flipped_ += disk_.flip_bits(1 + random_.below(3));
    flipped = true;
    if (random_.below(3) == 0) plan_crash();
    if (compresses_) options_.compress = random_.below(3) != 0;  // the operator has changed it
    try {
      open();
      if (!log_) return;
      disk_.crash_never();
      check_recovered(power_cut);
      return;
    } catch (const SimulatedCrash&) {
      power_cut = power_cut || random_.below(2) == 0;
      lossy_ = lossy_ || (power_cut && !options_.sync);
    }
  }
}

void LogLife::open() {
  queue::OpenError error;
  log_ = queue::DurableLog::open(options_, disk_, *this, error, now_, unix_ns_);
  if (!log_) broken("does not open: " + error.message);
}

/// All is well again: packets are taken, everything is settled, and the disk is empty.
void LogLife::heal() {
  disk_.crash_never();
  disk_.faults = {};
  disk_.capacity = std::uint64_t{1} << 40;
  disk_.read_only = false;
  for (int count = 0; count < 8; ++count) step(3s);
  check_dead_letters();
  for (auto& [id, packet] : packets_) {
    if (packet.promise == Promise::pending) broken("was given, and never reported: " + std::to_string(id));
  }
  packets_.clear();
  std::vector<queue::StoredPacket> found;
  for (queue::PacketReader reader(*log_, 0, ~std::uint64_t{0}); reader.read(4096, found);) {
  }
  for (const queue::StoredPacket& packet : found) {
    const queue::SettledPacket settled{packet.id, packet.messages, queue::SettledAs::delivered, "a"};
    log_->settle(std::span(&settled, 1));
  }
  for (int count = 0; count < 8; ++count) {
    append();
    step(3s);
    settle_share_ = 101;
    for (auto& [id, packet] : packets_) packet.sticky = false;
    settle();
  }
  for (int count = 0; count < 8; ++count) step(3s);
  const queue::LogStatus status = log_->status();
  if (!status.taking_packets) broken("takes no packets, with room and a good disk");
  if (status.packets != 0) broken(std::to_string(status.packets) + " packets are left, and all are settled");
  if (status.messages != 0) broken("no packets are left, but messages");
  const bool retained = options_.retain_bytes > 0 || options_.retain_for.count() > 0 || dead_share_ > 0;
  if (!retained && status.segments != 1) broken(std::to_string(status.segments) + " segments are left of nothing");
  log_->close(now_, unix_ns_);
  log_.reset();
}

}  // namespace logdist::test
