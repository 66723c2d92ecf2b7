#include "tests/balance/model.hpp"

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

void Model::hand_over(AnalyzerId from, const Rational& messages) {
  Rational sum = 0;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    if (id != from && analyzers_[id].in_service) sum += analyzers_[id].weight;
  }
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    Analyzer& each = analyzers_[id];
    if (id != from && each.in_service) each.deficit += messages * each.weight / sum;
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
    hand_over(id, -analyzer.deficit);
  } else {
    analyzer.debt = analyzer.deficit;
    analyzer.deficit = 0;
    hand_over(id, analyzer.debt);
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

Rational Model::credit(std::uint32_t messages, const std::vector<AnalyzerId>& excluded,
                       std::optional<AnalyzerId> chosen) {
  largest_ = std::max(largest_, messages);
  suspend_full(messages);
  const Rational sum = credited_weight();
  for (Analyzer& each : analyzers_) {
    if (each.credited()) each.deficit += messages * each.weight / sum;
    if (!each.in_service && sum > 0) each.growth += own_share(each, messages);
  }
  if (!chosen) return 0;

  Rational distance = distance_to_best(excluded, *chosen, rank(analyzers_[*chosen].deficit));
  for (const int sign : {-1, 1}) {
    const int nearby = rank(analyzers_[*chosen].deficit + sign * hair);
    distance = std::min(distance, distance_to_best(excluded, *chosen, nearby));
  }
  return distance;
}

/// Catch-up comes before owed, owed before the rest.
int Model::rank(const Rational& deficit) const {
  const Rational line = std::max<std::uint64_t>(options_.catch_up_threshold, largest_);
  return deficit > line ? 0 : deficit > 0 ? 1 : 2;
}

/// How far `chosen`, taken to be of `chosen_rank`, is from the best candidate.
Rational Model::distance_to_best(const std::vector<AnalyzerId>& excluded, AnalyzerId chosen, int chosen_rank) const {
  const auto measure = [&](const Analyzer& each) -> Rational {
    return chosen_rank == 1 ? Rational((largest_ - each.deficit) / each.weight) : Rational(-each.deficit);
  };
  Rational distance = 0;
  for (AnalyzerId id = 0; id < analyzers_.size(); ++id) {
    const Analyzer& each = analyzers_[id];
    if (!each.in_service || !each.free() || std::ranges::count(excluded, id) > 0) continue;
    const int each_rank = rank(each.deficit);
    if (rank(each.deficit - hair) != rank(each.deficit + hair)) continue;  // it may count as either
    if (each_rank < chosen_rank) return 1;
    if (each_rank > chosen_rank) continue;
    distance = std::max<Rational>(distance, measure(analyzers_[chosen]) - measure(each));
  }
  return distance;
}

void Model::charge(AnalyzerId id, std::uint32_t messages) {
  analyzers_[id].deficit -= messages;
  ++analyzers_[id].in_flight;
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

void Model::undo(AnalyzerId id, std::uint32_t messages) {
  Analyzer& analyzer = analyzers_[id];
  --analyzer.in_flight;
  if (!analyzer.in_service) {
    fold_debt(id);
    const Rational refunded = analyzer.debt + messages - own_share(analyzer, messages);
    analyzer.debt = std::max<Rational>(analyzer.debt, std::min<Rational>(refunded, options_.max_debt));
    return;
  }
  const Rational sum = credited_weight();
  for (Analyzer& each : analyzers_) {
    if (each.credited()) each.deficit -= messages * each.weight / sum;
    if (!each.in_service) each.growth -= own_share(each, messages);
  }
  analyzer.deficit += messages;
  resume_free();
}

}  // namespace logdist::balance::test
