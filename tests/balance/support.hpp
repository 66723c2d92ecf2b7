// Weights, packet sizes and selectors that several tests of the balance share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "logdist/balance/selector.hpp"
#include "logdist/base/random.hpp"
#include "tests/balance/reference.hpp"

namespace logdist::balance::test {

inline constexpr std::uint32_t many_slots = 1'000'000;

inline Selector make_selector(const Weights& weights, std::uint32_t slots = many_slots, SelectorOptions options = {}) {
  Selector selector(options);
  for (const std::uint64_t weight : weights) selector.add(weight, slots);
  return selector;
}

/// Places `packets` packets of `messages` and settles each at once.
inline std::vector<AnalyzerId> place(Selector& selector, std::size_t packets, std::uint32_t messages) {
  std::vector<AnalyzerId> chosen;
  for (std::size_t packet = 0; packet < packets; ++packet) {
    const auto charge = selector.pick({messages});
    selector.release(*charge);
    chosen.push_back(charge->analyzer);
  }
  return chosen;
}

struct WeightCase {
  std::string name;
  Weights weights;
};

struct SizeCase {
  std::string name;
  Sizes sizes;
};

inline Weights random_weights(Random& random, std::size_t analyzers, std::uint64_t heaviest) {
  Weights weights(analyzers);
  for (auto& weight : weights) weight = 1 + random.below(heaviest);
  return weights;
}

inline std::vector<WeightCase> weight_cases(Random& random) {
  Weights heavy_and_tiny(60, 1);
  heavy_and_tiny[17] = heavy_and_tiny[41] = 700;
  std::vector<WeightCase> cases{
      {"14,14,1,1,1", {14, 14, 1, 1, 1}},
      {"90,90,3 six times", {90, 90, 3, 3, 3, 3, 3, 3}},
      {"two heavy, many tiny", heavy_and_tiny},
      {"exact millionths", {40'000'000, 30'000'000, 30'000'001}},
  };
  for (const std::size_t analyzers : {1U, 2U, 3U, 7U, 8U, 33U, 100U}) {
    for (const std::uint64_t heaviest : {5U, 1'000'000U}) {
      cases.push_back({"random " + std::to_string(analyzers) + " up to " + std::to_string(heaviest),
                       random_weights(random, analyzers, heaviest)});
    }
  }
  return cases;
}

inline std::vector<SizeCase> size_cases(Random& random, std::size_t packets) {
  std::vector<SizeCase> cases{{"all 1", Sizes(packets, 1)},
                              {"all 1,000", Sizes(packets, 1'000)},
                              {"1 or 1,000", Sizes(packets)},
                              {"uniform to 1,000", Sizes(packets)},
                              {"ever larger", Sizes(packets)}};
  for (auto& size : cases[2].sizes) size = random.below(2) == 0 ? 1 : 1'000;
  for (auto& size : cases[3].sizes) size = static_cast<std::uint32_t>(1 + random.below(1'000));
  for (std::size_t packet = 0; packet < packets; ++packet) {
    cases[4].sizes[packet] = static_cast<std::uint32_t>(1 + packet / 10);
  }
  return cases;
}

}  // namespace logdist::balance::test
