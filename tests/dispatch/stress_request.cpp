#include "tests/dispatch/stress_request.hpp"

#include <algorithm>
#include <string>

namespace logdist::dispatch {

using queue::Settlement;

namespace {

constexpr std::size_t chunk_bytes = 300;

}  // namespace

StressRequest::StressRequest(StressLoop& loop, std::size_t serial)
    : loop_(loop),
      serial_(serial),
      bytes_(1 + loop.random().below(StressGround::body_bytes_max)),
      chunked_(loop.random().below(3) == 0) {}

StressRequest::~StressRequest() { loop_.ground().bodies.release(*this); }

void StressRequest::begin() {
  if (chunked_) return receive();
  room_ = bytes_;
  if (loop_.ground().bodies.reserve(*this, bytes_)) admit();
}

/// A body of unknown length asks for room step by step.
void StressRequest::receive() {
  while (room_ < bytes_) {
    room_ = std::min(bytes_, room_ + chunk_bytes);
    if (!loop_.ground().bodies.reserve(*this, room_, queue::MemoryLimiter::length_unknown)) return;
  }
  loop_.ground().bodies.end_growth(*this, bytes_);
  admit();
}

void StressRequest::granted() {
  loop_.post([this](StressLoop&) {
    if (stage_ != Stage::coming) return;
    if (chunked_) return receive();
    admit();
  });
}

void StressRequest::admit() {
  StressRecord& record = loop_.record(serial_);
  queue::Delivery& delivery = loop_.dispatcher().make();
  delivery.packet.id = std::to_string(serial_);
  delivery.packet.messages = record.messages;
  delivery.packet.body = loop_.buffers().take(bytes_);
  delivery.packet.body.append(std::string(bytes_, 'x'));
  record.admitted = true;
  record.accepted = loop_.dispatcher().admit(delivery, *this, loop_.ground().clock.now()) == queue::Admission::queued;
  loop_.ground().expect_within_bounds();
  if (record.accepted) return finish();
  stage_ = Stage::waiting;
  delivery_ = &delivery;
}

void StressRequest::settled(Settlement settlement) {
  StressRecord& record = loop_.record(serial_);
  ++record.told;
  record.settlement = settlement;
  finish();
}

void StressRequest::leave() {
  if (stage_ == Stage::over) return;
  if (stage_ == Stage::waiting) {
    loop_.record(serial_).abandoned = true;
    loop_.dispatcher().abandon(*delivery_, loop_.ground().clock.now());
  }
  finish();
}

void StressRequest::finish() {
  stage_ = Stage::over;
  delivery_ = nullptr;
  loop_.ground().bodies.release(*this);
  loop_.request_over();
}

}  // namespace logdist::dispatch
