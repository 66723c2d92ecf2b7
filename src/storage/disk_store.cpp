#include "storage/disk_store.hpp"

#include <algorithm>
#include <utility>

#include "logdist/base/check.hpp"
#include "logdist/queue/log/record.hpp"

namespace logdist::storage {
queue::Store::Answer DiskStore::append(queue::Delivery& delivery) {
  const core::Packet& packet = delivery.packet;
  auto metadata =
      queue::encode_metadata({packet.id, packet.forwarded_headers, packet.agent, packet.path, packet.receipt});
  if (!metadata || packet.body.size() > queue::record_body_bytes_max) return Answer::refused;
  delivery.store_metadata = std::move(*metadata);
  const queue::NewPacket record{packet.messages, clocks_.unix_ns(), delivery.store_metadata, packet.body.view()};
  const Answer answer = backlog_.append(loop_, record, packet.queue_bytes(), delivery.store_id);
  if (answer == Answer::refused) {
    delivery.store_id = 0;
    return answer;
  }
  delivery.report_due = true;
  due_.push_back({delivery.store_id, &delivery, answer == Answer::on_disk_only});
  has_appended_ = true;
  return answer;
}

void DiskStore::keep_dead_letter(const queue::Delivery& delivery) {
  const core::Packet& packet = delivery.packet;
  auto metadata = queue::encode_metadata({packet.id, packet.forwarded_headers, packet.agent, packet.path});
  if (!metadata || packet.body.size() > queue::record_body_bytes_max) return;
  auto letter = std::make_unique<Letter>(Letter{std::move(*metadata), std::string(packet.body.view())});
  const queue::NewPacket record{packet.messages, clocks_.unix_ns(), letter->metadata, letter->body};
  std::uint64_t id = 0;
  if (log_.append(loop_, std::span(&record, 1), id) != queue::AppendResult::taken) return;
  due_.push_back({id, nullptr, false, std::move(letter)});
  settled_.push_back({{id, packet.messages, queue::SettledAs::dead_lettered, {}}, 0});
}

void DiskStore::settle(const queue::Delivery& delivery, queue::SettledAs how) {
  settled_.push_back({{delivery.store_id, delivery.packet.messages, how, {}}, delivery.charge.analyzer});
}

void DiskStore::fetch(queue::Delivery& delivery) {
  backlog_.fetch({loop_, &delivery, delivery.store_id, delivery.store_place, delivery.parked_bytes,
                  delivery.retry_state.suspect()});
}

void DiskStore::flush(std::uint64_t balance_version) {
  if (std::exchange(has_appended_, false)) log_.wake();
  if (settled_.empty()) return;
  names_.with([this, balance_version](const std::vector<std::string>& names) {
    for (Settled& settled : settled_) {
      const bool is_charged = settled.packet.as == queue::SettledAs::delivered && settled.analyzer < names.size();
      if (is_charged) settled.packet.analyzer = names[settled.analyzer];
      settled.packet.balance_version = balance_version;
    }
  });
  for (Settled& settled : settled_) to_settle_.push_back(std::move(settled.packet));
  log_.settle(to_settle_);
  settled_.clear();
  to_settle_.clear();
  backlog_.places_freed();
}

void DiskStore::collect(TimePoint now) {
  log_.collect(loop_, reports_);
  for (const queue::StoreReport& report : reports_) {
    const auto due = std::lower_bound(due_.begin(), due_.end(), report.id,
                                      [](const Due& one, std::uint64_t id) { return one.id < id; });
    LOGDIST_CHECK(due != due_.end() && due->id == report.id && (due->delivery != nullptr) != (due->letter != nullptr));
    due->letter.reset();
    if (due->delivery != nullptr) {
      queue::Delivery& delivery = *std::exchange(due->delivery, nullptr);
      delivery.store_place = report.place;
      if (due->on_disk_only) {
        backlog_.reported(delivery.packet.messages, report.outcome == queue::StoreOutcome::durable);
      }
      listener_->reported(delivery, report.outcome, now);
    }
    while (!due_.empty() && due_.front().delivery == nullptr && !due_.front().letter) due_.pop_front();
  }
  reports_.clear();
  flush(0);  // what is settled between two turns was handed back: no charge stays
}

}  // namespace logdist::storage
