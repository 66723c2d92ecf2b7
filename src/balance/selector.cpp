#include "logdist/balance/selector.hpp"

#include <algorithm>
#include <vector>

#include "balance/catch_up_meter.hpp"
#include "balance/credit_accounts.hpp"
#include "balance/edf_queue.hpp"
#include "logdist/base/check.hpp"

namespace logdist::balance {

struct Selector::State {
  explicit State(const SelectorOptions& options)
      : accounts(std::min(options.max_debt, limit_messages_max)),
        queue(accounts, std::min(options.catch_up_threshold, limit_messages_max),
              std::min(options.max_debt, limit_messages_max)),
        meter(options.catch_up_share_ppm) {}

  struct Entry {
    std::uint32_t slots = 0;
    std::uint32_t in_flight = 0;
    std::uint64_t in_flight_messages = 0;
    bool removed = false;

    bool free() const { return in_flight < slots; }
    void take_slot(std::uint32_t messages) {
      ++in_flight;
      in_flight_messages += messages;
    }
    void free_slot(std::uint32_t messages) {
      LOGDIST_CHECK(in_flight > 0);
      --in_flight;
      in_flight_messages -= messages;
    }
  };

  Entry& present(AnalyzerId analyzer);
  void place(AnalyzerId analyzer);
  void place_all();
  void place_again(AnalyzerId analyzer);
  void prepare(std::uint32_t messages);
  void settle_arrears(std::uint32_t messages);
  Charge charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up);

  CreditAccounts accounts;
  EdfQueue queue;
  CatchUpMeter meter;
  std::vector<Entry> entries;  ///< by id
};

/// The seat of one that was not removed.
Selector::State::Entry& Selector::State::present(AnalyzerId analyzer) {
  LOGDIST_CHECK(analyzer < entries.size() && !entries[analyzer].removed);
  return entries[analyzer];
}

/// Enters one analyzer again: its account has changed.
void Selector::State::place(AnalyzerId analyzer) {
  if (accounts.in_service(analyzer)) {
    queue.place(analyzer, entries[analyzer].free());
  } else {
    queue.drop(analyzer);
  }
}

/// A new epoch has begun: all moments changed.
void Selector::State::place_all() {
  for (AnalyzerId analyzer = 0; analyzer < entries.size(); ++analyzer) place(analyzer);
}

/// Its slots are free or taken now, or it was left out of a pick. One that was
/// left out of the credits because it was full gets them again with a free slot.
void Selector::State::place_again(AnalyzerId analyzer) {
  if (!accounts.in_service(analyzer)) return;
  if (entries[analyzer].free() && !accounts.credited(analyzer)) {
    accounts.resume(analyzer);
    place_all();
  } else {
    queue.place_again(analyzer, entries[analyzer].free());
  }
}

/// Makes sure that a packet can be credited to all who are credited now: the full
/// ones it would lift above what they can be owed get no more until they have a
/// slot again.
void Selector::State::prepare(std::uint32_t messages) {
  LOGDIST_CHECK(messages > 0);
  const bool larger = queue.raise_largest(messages);
  if (accounts.epoch_is_long()) {
    accounts.begin_epoch();
    place_all();
  } else if (larger) {
    place_all();
  }
  for (auto full = queue.overflowing(messages); !full.empty(); full = queue.overflowing(messages)) {
    const bool suspended = accounts.suspend(full);
    place_all();
    if (!suspended) break;  // else the others get more now, and some of them may overflow in turn
  }
}

/// What is left of the arrears when nobody has more than a packet of them is made
/// up for by ordinary packets, as all within a packet of their target are. What is
/// too much for those becomes arrears.
void Selector::State::settle_arrears(std::uint32_t messages) {
  if (accounts.has_arrears() && meter.allows()) {
    const int128 largest = queue.largest_arrears();
    if (largest <= accounts.in_units(queue.largest_packet())) {
      meter.spend(accounts.messages_rounded_up(largest));
      accounts.fold_arrears();
      place_all();
    }
  }
  bool deferred = false;
  while (const auto late = queue.to_defer(messages)) {
    accounts.defer(*late);
    place(*late);
    deferred = true;
  }
  if (deferred) place_all();
}

Charge Selector::State::charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up) {
  if (catch_up) meter.spend(messages);
  meter.pass(messages);
  accounts.charge(analyzer, messages, catch_up);
  entries[analyzer].take_slot(messages);
  place_again(analyzer);
  return {analyzer, messages, catch_up};
}

Selector::Selector(SelectorOptions options) : state_(std::make_unique<State>(options)) {}
Selector::~Selector() = default;
Selector::Selector(Selector&&) noexcept = default;
Selector& Selector::operator=(Selector&&) noexcept = default;

AnalyzerId Selector::add(std::uint64_t weight_units, std::uint32_t slots, std::optional<AnalyzerId> reused) {
  LOGDIST_CHECK(weight_units > 0 && weight_units <= weight_units_max);
  if (reused) {
    State::Entry& entry = state_->entries[*reused];
    LOGDIST_CHECK(entry.removed && entry.in_flight == 0);
    entry = {.slots = slots};
    state_->accounts.open_again(*reused, weight_units);
    state_->queue.begin_again(*reused);
    state_->place_all();
    return *reused;
  }
  const AnalyzerId analyzer = state_->accounts.open(weight_units);
  state_->entries.push_back({.slots = slots});
  state_->queue.grow();
  state_->place_all();
  return analyzer;
}

void Selector::remove(AnalyzerId analyzer) {
  set_in_service(analyzer, false);
  state_->entries[analyzer].removed = true;
}

void Selector::set_weight(AnalyzerId analyzer, std::uint64_t weight_units) {
  LOGDIST_CHECK(weight_units > 0 && weight_units <= weight_units_max);
  state_->present(analyzer);
  state_->accounts.set_weight(analyzer, weight_units);
  state_->place_all();
}

void Selector::set_slots(AnalyzerId analyzer, std::uint32_t slots) {
  State::Entry& entry = state_->present(analyzer);
  const bool was_free = entry.free();
  entry.slots = slots;
  if (entry.free() != was_free) state_->place_again(analyzer);
}

void Selector::set_in_service(AnalyzerId analyzer, bool in_service) {
  state_->present(analyzer);
  if (state_->accounts.in_service(analyzer) == in_service) return;
  if (in_service) {
    state_->accounts.join(analyzer, state_->queue.largest_packet());
  } else {
    state_->accounts.leave(analyzer);
  }
  state_->place_all();
}

bool Selector::has_free_slot(AnalyzerId analyzer) const { return state_->present(analyzer).free(); }

bool Selector::can_pick(std::span<const AnalyzerId> excluded) const {
  std::size_t left = state_->queue.candidates();
  for (std::size_t index = 0; index < excluded.size() && left > 0; ++index) {
    const bool repeated = std::ranges::count(excluded.first(index), excluded[index]) > 0;
    if (!repeated && state_->queue.is_candidate(excluded[index])) --left;
  }
  return left > 0;
}

std::optional<Charge> Selector::pick(const PickRequest& packet) {
  const std::uint32_t messages = packet.messages;
  const auto excluded = packet.excluded;
  if (!can_pick(excluded)) return std::nullopt;
  EdfQueue& queue = state_->queue;
  state_->prepare(messages);
  state_->settle_arrears(messages);
  for (const AnalyzerId analyzer : excluded) queue.withdraw(analyzer);
  const bool may_catch_up = state_->accounts.has_arrears() && state_->meter.allows();
  const auto in_arrears = may_catch_up ? queue.choose_in_arrears() : std::nullopt;
  state_->accounts.credit(messages, in_arrears.has_value());
  queue.advance();
  const AnalyzerId chosen = in_arrears ? *in_arrears : queue.choose();
  for (const AnalyzerId analyzer : excluded) state_->place_again(analyzer);
  return state_->charge(chosen, messages, in_arrears.has_value());
}

Charge Selector::pick_this(AnalyzerId analyzer, std::uint32_t messages) {
  State::Entry& entry = state_->present(analyzer);
  if (state_->accounts.in_service(analyzer)) {
    state_->prepare(messages);
    state_->accounts.credit(messages, false);
    state_->queue.advance();
    return state_->charge(analyzer, messages, false);
  }
  if (state_->queue.raise_largest(messages)) state_->place_all();
  state_->accounts.charge_debt(analyzer, messages);
  entry.take_slot(messages);
  return {analyzer, messages};
}

void Selector::release(const Charge& charge) {
  State::Entry& entry = state_->entries[charge.analyzer];
  const bool was_free = entry.free();
  entry.free_slot(charge.messages);
  if (entry.free() != was_free) state_->place_again(charge.analyzer);
}

void Selector::undo(const Charge& charge) {
  State::Entry& entry = state_->entries[charge.analyzer];
  entry.free_slot(charge.messages);
  if (state_->accounts.in_service(charge.analyzer)) {
    state_->accounts.undo(charge.analyzer, charge.messages, charge.catch_up);
    state_->place_again(charge.analyzer);
    state_->place(charge.analyzer);  // its deficit rose: it may cross the line sooner
  } else {
    state_->accounts.undo_debt(charge.analyzer, charge.messages);
  }
}

void Selector::restore(std::span<const double> owed, std::uint64_t largest_packet) {
  const std::uint64_t largest = std::min<std::uint64_t>(largest_packet, ~std::uint32_t{0});
  if (largest > 0) state_->queue.raise_largest(static_cast<std::uint32_t>(largest));
  state_->accounts.restore(owed, state_->queue.largest_packet());
  state_->place_all();
}

Account Selector::account(AnalyzerId analyzer) const {
  const CreditAccounts& accounts = state_->accounts;
  const State::Entry& entry = state_->entries[analyzer];
  return {.deficit = accounts.deficit(analyzer),
          .arrears = accounts.arrears(analyzer),
          .debt = entry.removed ? 0 : accounts.debt(analyzer),
          .target_share = accounts.target_share(analyzer),
          .catch_ups = state_->queue.catch_ups(analyzer),
          .in_flight = entry.in_flight,
          .in_flight_messages = entry.in_flight_messages};
}

std::uint64_t Selector::largest_packet() const { return state_->queue.largest_packet(); }

bool Selector::sums_to_zero() const { return state_->accounts.sums_to_zero(); }

}  // namespace logdist::balance
