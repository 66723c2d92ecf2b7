// A store that does what the test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/dispatch/world.hpp"

namespace logdist::dispatch {

using queue::Delivery;
using queue::SettledAs;
using queue::Store;
using queue::StoreOutcome;

/// Takes what it is told to, and reports when it is told to.
class ScriptedStore final : public Store {
 public:
  Answer append(Delivery& delivery) override {
    if (answer == Answer::refused) return answer;
    if (answer == Answer::in_memory) {
      EXPECT_TRUE(world->bounds.try_take(delivery.packet.queue_bytes()));
    }
    delivery.store_id = ++last_id;
    delivery.report_due = true;
    due.push_back(&delivery);
    return answer;
  }
  void keep_dead_letter(const Delivery& delivery) override { letters.push_back(delivery.packet.id); }
  void settle(const Delivery& delivery, SettledAs how) override { settled.emplace_back(delivery.store_id, how); }
  void flush(std::uint64_t) override { ++flushes; }

  std::size_t room_wanted() const override { return wanted; }
  void offer(std::size_t packets, std::size_t bytes) override { offers.emplace_back(packets, bytes); }
  void fetch(Delivery& delivery) override { fetches.push_back(&delivery); }

  /// The report on the oldest that is due.
  void report(StoreOutcome outcome) {
    Delivery& delivery = *due.front();
    due.pop_front();
    world->loops[0]->dispatcher->reported(delivery, outcome, world->now);
    world->run();
  }

  World* world = nullptr;
  Answer answer = Answer::in_memory;
  std::deque<Delivery*> due;
  std::vector<std::pair<std::uint64_t, SettledAs>> settled;
  std::vector<std::string> letters;
  std::uint64_t last_id = 0;
  int flushes = 0;
  std::size_t wanted = 0;  ///< bytes, by what waits on the disk for a place
  std::vector<std::pair<std::size_t, std::size_t>> offers;
  std::deque<Delivery*> fetches;
};

}  // namespace logdist::dispatch
