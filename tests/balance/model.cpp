#include "tests/balance/model.hpp"

#include <cmath>
#include <utility>

namespace logdist::balance::test {

namespace {

/// Far more than the selector's rounding between epochs can come to, in messages.
const Rational hair(1, 1'000'000'000'000);

}  // namespace

Rational Model::credited_weight() const {
  Rational sum = 0;
  for (const Analyzer& each : analyzers_) {
    if (each.credited()) sum += each.weight;
  }
  return sum;
}

Rational Model::sum_of_deficits() const {
  Rational sum = 0;
  for (const Analyzer& each : analyzers_) sum += each.deficit;
  return sum;
}

Rational Model::debt(AnalyzerId id) const {
  const Analyzer& analyzer = analyzers_[id];
  if (analyzer.growth <= 0) return analyzer.debt + analyzer.growth;
  return std::max<Rational>(analyzer.debt, std::min<Rational>(analyzer.debt + analyzer.growth, options_.max_debt));
}

void Model::fold_debts() {
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) fold_debt(id);
}

void Model::fold_debt(AnalyzerId id) {
  analyzers_[id].debt = debt(id);
  analyzers_[id].growth = 0;
}

void Model::hand_over(AnalyzerId from, const Rational& messages, Rational Analyzer::*part) {
  Rational sum = 0;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (id != from && analyzers_[id].in_service) sum += analyzers_[id].weight;
  }
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    Analyzer& each = analyzers_[id];
    if (id != from && each.in_service) each.*part += messages * each.weight / sum;
  }
}

void Model::set_in_service(AnalyzerId id, bool in_service) {
  Analyzer& analyzer = analyzers_[id];
  if (analyzer.in_service == in_service) return;
  fold_debts();
  const bool alone = std::ranges::none_of(analyzers_, &Analyzer::in_service);
  if (in_service) {
    analyzer.deficit = alone ? Rational(0) : analyzer.debt;
    analyzer.debt = 0;
    hand_over(id, -analyzer.deficit, &Analyzer::deficit);
    if (analyzer.deficit > largest_) {
      has_arrears_ = true;
    } else {
      analyzer.ordinary = analyzer.deficit;
      hand_over(id, -analyzer.ordinary, &Analyzer::ordinary);
    }
  } else {
    analyzer.debt = std::exchange(analyzer.deficit, 0);
    hand_over(id, analyzer.debt, &Analyzer::deficit);
    hand_over(id, std::exchange(analyzer.ordinary, 0), &Analyzer::ordinary);
  }
  analyzer.in_service = in_service;
  analyzer.suspended = false;
  if (credited_weight() == 0) {
    for (Analyzer& each : analyzers_) each.suspended = false;
  }
}

void Model::set_slots(AnalyzerId id, std::uint32_t slots) {
  analyzers_[id].slots = slots;
  resume_free();
}

void Model::resume_free() {
  for (Analyzer& each : analyzers_) {
    if (!each.suspended || !each.free()) continue;
    fold_debts();
    each.suspended = false;
  }
}

void Model::suspend_full(std::uint32_t messages) {
  for (bool again = true; again;) {
    again = false;
    const Rational sum = credited_weight();
    for (Analyzer& each : analyzers_) {
      if (!each.credited() || each.free()) continue;
      if (each.deficit + messages * each.weight / sum <= options_.max_debt) continue;
      fold_debts();
      each.suspended = true;
      again = true;
    }
  }
}

Rational Model::place(const Charge& charge, const std::vector<AnalyzerId>& excluded, const Selector& decided) {
  largest_ = std::max(largest_, charge.messages);
  suspend_full(charge.messages);
  settle_arrears(charge, decided);
  Rational distance = 0;
  if (charge.catch_up) {
    distance = may_catch_up() ? catch_up_distance(excluded, charge.analyzer) : Rational(1);
    next_catch_up_ = passed_ + charge.messages / rate();
    credit(charge.messages, true);
  } else {
    for (AnalyzerId id = 0; may_catch_up() && id < analyzers_.size(); ++id) {
      const bool candidate = analyzers_[id].free() && std::ranges::count(excluded, id) == 0;
      if (candidate && in_arrears(analyzers_[id], -hair)) distance = 1;
    }
    credit(charge.messages, false);
    distance = std::max(distance, ordinary_distance(excluded, charge.analyzer));
  }
  passed_ += charge.messages;
  Analyzer& chosen = analyzers_[charge.analyzer];
  chosen.deficit -= charge.messages;
  if (!charge.catch_up) chosen.ordinary -= charge.messages;
  ++chosen.in_flight;
  return distance;
}

void Model::credit(std::uint32_t messages, bool catch_up) {
  const Rational sum = credited_weight();
  for (Analyzer& each : analyzers_) {
    if (each.credited()) {
      each.deficit += messages * each.weight / sum;
      if (!catch_up) each.ordinary += messages * each.weight / sum;
    }
    if (!each.in_service && sum > 0) each.growth += own_share(each, messages);
  }
}

/// Of all messages, the part that may catch up in the long run.
Rational Model::rate() const {
  const Rational share(options_.catch_up_share_ppm, 1'000'000);
  return share < Rational(1, 5) ? Rational(share * 5 / 9) : Rational((10 * share - 1) / 9);
}

/// By more than a packet, and `slack`.
bool Model::in_arrears(const Analyzer& analyzer, const Rational& slack) const {
  return analyzer.in_service && analyzer.payable_arrears() + slack > largest_;
}

void Model::settle_arrears(const Charge& charge, const Selector& decided) {
  if (may_catch_up()) {
    Rational largest = 0;
    bool nothing_left = true;
    for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
      largest = std::max(largest, analyzers_[id].payable_arrears());
      nothing_left = nothing_left && std::abs(decided.account(id).arrears) < 1e-9;
    }
    if (largest + hair < largest_ || (largest - hair <= largest_ && nothing_left)) fold_arrears(largest);
  }
  // Whether one is late may be a matter of rounding. While there are arrears, one is
  // late sooner.
  for (bool again = true; again;) {
    again = false;
    for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
      const bool certain = is_late(id, charge.messages, -hair);
      if (!certain && !(is_late(id, charge.messages, hair) && looks_deferred(id, charge, decided))) continue;
      again = again || !has_arrears_;
      defer(id);
    }
  }
}

void Model::defer(AnalyzerId id) {
  raise_those_ahead(std::exchange(analyzers_[id].ordinary, 0));
  has_arrears_ = true;
}

/// By weight, but none beyond 0.
void Model::raise_those_ahead(Rational messages) {
  std::vector<Analyzer*> ahead;
  for (Analyzer& each : analyzers_) {
    if (each.in_service && each.ordinary < 0) ahead.push_back(&each);
  }
  for (bool filled = true; filled;) {
    Rational weight = 0;
    for (const Analyzer* each : ahead) weight += each->weight;
    Rational given = 0;
    filled = std::erase_if(ahead, [&](Analyzer* each) {
               if (messages * each->weight / weight < -each->ordinary) return false;
               given -= std::exchange(each->ordinary, 0);
               return true;
             }) > 0;
    messages -= given;
    if (filled) continue;
    for (Analyzer* each : ahead) each->ordinary += messages * each->weight / weight;
  }
}

void Model::fold_arrears(const Rational& largest) {
  for (Analyzer& each : analyzers_) each.ordinary = each.deficit;
  has_arrears_ = false;
  const Rational whole = boost::multiprecision::numerator(largest) / boost::multiprecision::denominator(largest);
  next_catch_up_ = passed_ + (whole < largest ? whole + 1 : whole) / rate();
}

/// Whether it is further behind than ordinary packets make up for.
bool Model::is_late(AnalyzerId id, std::uint32_t messages, const Rational& slack) const {
  const Analyzer& each = analyzers_[id];
  if (!each.credited() || !each.free()) return false;
  const Rational owed = each.ordinary + messages * each.weight / credited_weight() + slack;
  const std::uint64_t line = std::max<std::uint64_t>(options_.catch_up_threshold, 2 * std::uint64_t{largest_});
  return owed > (has_arrears_ ? largest_ : line);
}

/// Whether its ordinary part was 0 before the packet.
bool Model::looks_deferred(AnalyzerId id, const Charge& charge, const Selector& decided) const {
  const Account account = decided.account(id);
  const Rational share = charge.messages * analyzers_[id].weight / credited_weight();
  const Rational moved =
      charge.catch_up ? Rational(0) : Rational(share - (id == charge.analyzer ? charge.messages : 0));
  return std::abs(account.deficit - account.arrears - static_cast<double>(moved)) < 1e-9;
}

/// Of those in arrears the one that is furthest behind.
Rational Model::catch_up_distance(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen) const {
  if (!in_arrears(analyzers_[chosen], hair)) return 1;
  Rational distance = 0;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    const Analyzer& each = analyzers_[id];
    if (!in_arrears(each, -hair) || !each.free() || std::ranges::count(excluded, id) > 0) continue;
    distance = std::max<Rational>(distance, each.deficit - analyzers_[chosen].deficit);
  }
  return distance;
}

namespace {

/// Owed comes before the rest.
int rank(const Rational& ordinary) { return ordinary > 0 ? 1 : 2; }

}  // namespace

Rational Model::ordinary_distance(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen) const {
  const Rational& ordinary = analyzers_[chosen].ordinary;
  Rational distance = distance_to_best(excluded, chosen, rank(ordinary));
  for (const int sign : {-1, 1}) {
    distance = std::min(distance, distance_to_best(excluded, chosen, rank(ordinary + sign * hair)));
  }
  return distance;
}

/// How far `chosen`, taken to be of `chosen_rank`, is from the best candidate.
Rational Model::distance_to_best(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen, int chosen_rank) const {
  const auto measure = [&](const Analyzer& each) -> Rational {
    return chosen_rank == 1 ? Rational((largest_ - each.ordinary) / each.weight) : Rational(-each.ordinary);
  };
  Rational distance = 0;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    const Analyzer& each = analyzers_[id];
    if (!each.in_service || !each.free() || std::ranges::count(excluded, id) > 0) continue;
    const int each_rank = rank(each.ordinary);
    if (rank(each.ordinary - hair) != rank(each.ordinary + hair)) continue;  // it may count as either
    if (each_rank < chosen_rank) return 1;
    if (each_rank > chosen_rank) continue;
    distance = std::max<Rational>(distance, measure(analyzers_[chosen]) - measure(each));
  }
  return distance;
}

Rational Model::own_share(const Analyzer& analyzer, std::uint32_t messages) const {
  return messages * analyzer.weight / (credited_weight() + analyzer.weight);
}

void Model::charge_trial(AnalyzerId id, std::uint32_t messages) {
  largest_ = std::max(largest_, messages);
  fold_debt(id);
  Analyzer& analyzer = analyzers_[id];
  analyzer.debt -= messages - own_share(analyzer, messages);
  ++analyzer.in_flight;
}

void Model::release(AnalyzerId id) {
  --analyzers_[id].in_flight;
  resume_free();
}

void Model::undo(const Charge& charge) {
  Analyzer& analyzer = analyzers_[charge.analyzer];
  --analyzer.in_flight;
  if (!analyzer.in_service) {
    fold_debt(charge.analyzer);
    const Rational refunded = analyzer.debt + charge.messages - own_share(analyzer, charge.messages);
    analyzer.debt = std::max<Rational>(analyzer.debt, std::min<Rational>(refunded, options_.max_debt));
    return;
  }
  const Rational sum = credited_weight();
  for (Analyzer& each : analyzers_) {
    const Rational share = charge.messages * each.weight / sum;
    if (each.credited()) each.deficit -= share;
    if (each.credited() && !charge.catch_up) each.ordinary -= share;
    if (!each.in_service) each.growth -= own_share(each, charge.messages);
  }
  analyzer.deficit += charge.messages;
  if (charge.catch_up) {
    has_arrears_ = true;
  } else {
    analyzer.ordinary += charge.messages;
  }
  resume_free();
}

}  // namespace logdist::balance::test
