#include "logdist/balance/selector.hpp"

#include <algorithm>
#include <vector>

#include "balance/agenda.hpp"
#include "balance/books.hpp"
#include "balance/catch_up_meter.hpp"
#include "logdist/base/check.hpp"

namespace logdist::balance {

struct Selector::State {
  explicit State(const SelectorOptions& options)
      : books(std::min(options.max_debt, limit_messages_max)),
        agenda(books, std::min(options.catch_up_threshold, limit_messages_max),
               std::min(options.max_debt, limit_messages_max)),
        meter(options.catch_up_share_ppm) {}

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
  void prepare(std::uint32_t messages);
  void settle_arrears(std::uint32_t messages);
  Charge charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up);

  Books books;
  Agenda agenda;
  CatchUpMeter meter;
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

/// Makes sure that a packet can be credited to all who are credited now: the full
/// ones it would lift above what they can be owed get no more until they have a
/// slot again.
void Selector::State::prepare(std::uint32_t messages) {
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
}

/// What is left of the arrears when nobody has more than a packet of them is made
/// up for by ordinary packets, as all within a packet of their target are. What is
/// too much for those becomes arrears.
void Selector::State::settle_arrears(std::uint32_t messages) {
  if (books.has_arrears() && meter.allows()) {
    const int128 largest = agenda.largest_arrears();
    if (largest <= books.in_units(agenda.largest_packet())) {
      meter.spend(books.messages_rounded_up(largest));
      books.fold_arrears();
      place_all();
    }
  }
  bool deferred = false;
  while (const auto late = agenda.to_defer(messages)) {
    books.defer(*late);
    place(*late);
    deferred = true;
  }
  if (deferred) place_all();
}

Charge Selector::State::charge(AnalyzerId analyzer, std::uint32_t messages, bool catch_up) {
  if (catch_up) meter.spend(messages);
  meter.pass(messages);
  books.charge(analyzer, messages, catch_up);
  ++seats[analyzer].in_flight;
  place_again(analyzer);
  return {analyzer, messages, catch_up};
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
    state_->books.join(analyzer, state_->agenda.largest_packet());
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
  Agenda& agenda = state_->agenda;
  state_->prepare(messages);
  state_->settle_arrears(messages);
  for (const AnalyzerId analyzer : excluded) agenda.withdraw(analyzer);
  const bool may_catch_up = state_->books.has_arrears() && state_->meter.allows();
  const auto in_arrears = may_catch_up ? agenda.choose_in_arrears() : std::nullopt;
  state_->books.credit(messages, in_arrears.has_value());
  agenda.advance();
  const AnalyzerId chosen = in_arrears ? *in_arrears : agenda.choose();
  for (const AnalyzerId analyzer : excluded) state_->place_again(analyzer);
  return state_->charge(chosen, messages, in_arrears.has_value());
}

Charge Selector::pick_this(AnalyzerId analyzer, std::uint32_t messages) {
  State::Seat& seat = state_->present(analyzer);
  if (state_->books.in_service(analyzer)) {
    state_->prepare(messages);
    state_->books.credit(messages, false);
    state_->agenda.advance();
    return state_->charge(analyzer, messages, false);
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
    state_->books.undo(charge.analyzer, charge.messages, charge.catch_up);
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
          .arrears = books.arrears(analyzer),
          .debt = seat.removed ? 0 : books.debt(analyzer),
          .target_share = books.target_share(analyzer),
          .catch_ups = state_->agenda.catch_ups(analyzer),
          .in_flight = seat.in_flight};
}

std::uint64_t Selector::largest_packet() const { return state_->agenda.largest_packet(); }

bool Selector::sums_to_zero() const { return state_->books.sums_to_zero(); }

}  // namespace logdist::balance
