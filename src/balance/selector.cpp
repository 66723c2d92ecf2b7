#include "logdist/balance/selector.hpp"

#include <algorithm>
#include <vector>

#include "balance/agenda.hpp"
#include "balance/books.hpp"
#include "logdist/base/check.hpp"

namespace logdist::balance {

struct Selector::State {
  explicit State(const SelectorOptions& options)
      : books(std::min(options.max_debt, limit_messages_max)),
        agenda(books, std::min(options.catch_up_threshold, limit_messages_max),
               std::min(options.max_debt, limit_messages_max)) {}

  struct Seat {
    std::uint32_t slots = 0;
    std::uint32_t in_flight = 0;
    bool removed = false;

    bool free() const { return in_flight < slots; }
  };

  Seat& present(AnalyzerId analyzer);
  void place(AnalyzerId analyzer);
  void place_all();
  void place_again(AnalyzerId analyzer);
  void credit(std::uint32_t messages);
  Charge charge(AnalyzerId analyzer, std::uint32_t messages);

  Books books;
  Agenda agenda;
  std::vector<Seat> seats;  ///< by id
};

/// The seat of one that was not removed.
Selector::State::Seat& Selector::State::present(AnalyzerId analyzer) {
  LOGDIST_CHECK(analyzer < seats.size() && !seats[analyzer].removed);
  return seats[analyzer];
}

/// Enters one analyzer anew: its account has changed.
void Selector::State::place(AnalyzerId analyzer) {
  if (books.in_service(analyzer)) {
    agenda.place(analyzer, seats[analyzer].free());
  } else {
    agenda.drop(analyzer);
  }
}

/// A new epoch has begun: all moments changed.
void Selector::State::place_all() {
  for (AnalyzerId analyzer = 0; analyzer < seats.size(); ++analyzer) place(analyzer);
}

/// Its slots are free or taken now, or it was left out of a pick. One that was
/// left out of the credits because it was full gets them again with a free slot.
void Selector::State::place_again(AnalyzerId analyzer) {
  if (!books.in_service(analyzer)) return;
  if (seats[analyzer].free() && !books.credited(analyzer)) {
    books.resume(analyzer);
    place_all();
  } else {
    agenda.place_again(analyzer, seats[analyzer].free());
  }
}

/// Credits a packet to all in service, but for the full ones it would lift above
/// what they can be owed: those get no more until they have a slot again.
void Selector::State::credit(std::uint32_t messages) {
  LOGDIST_CHECK(messages > 0);
  const bool larger = agenda.raise_largest(messages);
  if (books.epoch_is_long()) {
    books.begin_epoch();
    place_all();
  } else if (larger) {
    place_all();
  }
  for (auto full = agenda.overflowing(messages); !full.empty(); full = agenda.overflowing(messages)) {
    const bool suspended = books.suspend(full);
    place_all();
    if (!suspended) break;  // else the others get more now, and some of them may overflow in turn
  }
  books.credit(messages);
  agenda.advance();
}

Charge Selector::State::charge(AnalyzerId analyzer, std::uint32_t messages) {
  books.charge(analyzer, messages);
  ++seats[analyzer].in_flight;
  place_again(analyzer);
  return {analyzer, messages};
}

Selector::Selector(SelectorOptions options) : state_(std::make_unique<State>(options)) {}
Selector::~Selector() = default;
Selector::Selector(Selector&&) noexcept = default;
Selector& Selector::operator=(Selector&&) noexcept = default;

AnalyzerId Selector::add(std::uint64_t weight_units, std::uint32_t slots) {
  LOGDIST_CHECK(weight_units > 0 && weight_units <= weight_units_max);
  const AnalyzerId analyzer = state_->books.open(weight_units);
  state_->seats.push_back({.slots = slots});
  state_->agenda.grow();
  state_->place_all();
  return analyzer;
}

void Selector::remove(AnalyzerId analyzer) {
  set_in_service(analyzer, false);
  state_->seats[analyzer].removed = true;
}

void Selector::set_weight(AnalyzerId analyzer, std::uint64_t weight_units) {
  LOGDIST_CHECK(weight_units > 0 && weight_units <= weight_units_max);
  state_->present(analyzer);
  state_->books.set_weight(analyzer, weight_units);
  state_->place_all();
}

void Selector::set_slots(AnalyzerId analyzer, std::uint32_t slots) {
  State::Seat& seat = state_->present(analyzer);
  const bool was_free = seat.free();
  seat.slots = slots;
  if (seat.free() != was_free) state_->place_again(analyzer);
}

void Selector::set_in_service(AnalyzerId analyzer, bool in_service) {
  state_->present(analyzer);
  if (state_->books.in_service(analyzer) == in_service) return;
  if (in_service) {
    state_->books.join(analyzer);
  } else {
    state_->books.leave(analyzer);
  }
  state_->place_all();
}

bool Selector::has_free_slot(AnalyzerId analyzer) const { return state_->present(analyzer).free(); }

bool Selector::can_pick(std::span<const AnalyzerId> excluded) const {
  std::size_t left = state_->agenda.candidates();
  for (std::size_t index = 0; index < excluded.size() && left > 0; ++index) {
    const bool repeated = std::ranges::count(excluded.first(index), excluded[index]) > 0;
    if (!repeated && state_->agenda.is_candidate(excluded[index])) --left;
  }
  return left > 0;
}

std::optional<Charge> Selector::pick(std::uint32_t messages, std::span<const AnalyzerId> excluded) {
  if (!can_pick(excluded)) return std::nullopt;
  state_->credit(messages);
  for (const AnalyzerId analyzer : excluded) state_->agenda.withdraw(analyzer);
  const AnalyzerId chosen = state_->agenda.choose();
  for (const AnalyzerId analyzer : excluded) state_->place_again(analyzer);
  return state_->charge(chosen, messages);
}

Charge Selector::pick_this(AnalyzerId analyzer, std::uint32_t messages) {
  State::Seat& seat = state_->present(analyzer);
  if (state_->books.in_service(analyzer)) {
    state_->credit(messages);
    return state_->charge(analyzer, messages);
  }
  if (state_->agenda.raise_largest(messages)) state_->place_all();
  state_->books.charge_debt(analyzer, messages);
  ++seat.in_flight;
  return {analyzer, messages};
}

void Selector::release(const Charge& charge) {
  State::Seat& seat = state_->seats[charge.analyzer];
  LOGDIST_CHECK(seat.in_flight > 0);
  const bool was_free = seat.free();
  --seat.in_flight;
  if (seat.free() != was_free) state_->place_again(charge.analyzer);
}

void Selector::undo(const Charge& charge) {
  State::Seat& seat = state_->seats[charge.analyzer];
  LOGDIST_CHECK(seat.in_flight > 0);
  --seat.in_flight;
  if (state_->books.in_service(charge.analyzer)) {
    state_->books.undo(charge.analyzer, charge.messages);
    state_->place_again(charge.analyzer);
    state_->place(charge.analyzer);  // its deficit rose: it may cross the line sooner
  } else {
    state_->books.undo_debt(charge.analyzer, charge.messages);
  }
}

Account Selector::account(AnalyzerId analyzer) const {
  const Books& books = state_->books;
  const State::Seat& seat = state_->seats[analyzer];
  return {.deficit = books.deficit(analyzer),
          .debt = seat.removed ? 0 : books.debt(analyzer),
          .target_share = books.target_share(analyzer),
          .catch_ups = state_->agenda.catch_ups(analyzer),
          .in_flight = seat.in_flight};
}

std::uint64_t Selector::largest_packet() const { return state_->agenda.largest_packet(); }

bool Selector::sums_to_zero() const { return state_->books.sums_to_zero(); }

}  // namespace logdist::balance
