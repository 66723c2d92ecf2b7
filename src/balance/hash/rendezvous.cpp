#include "balance/hash/rendezvous.hpp"

#include <cmath>
#include <cstring>

namespace logdist::balance {
namespace {

constexpr std::size_t lane_count = 8;
// Extensions of gcc and clang, on any processor.
using Whole = std::uint32_t __attribute__((vector_size(lane_count * 4)));
using Signed = std::int32_t __attribute__((vector_size(lane_count * 4)));
using Real = float __attribute__((vector_size(lane_count * 4)));
using Long = std::uint64_t __attribute__((vector_size(lane_count * 4)));

constexpr float infinite = std::numeric_limits<float>::infinity();

/// Of a key and an identity; alike in all bits. Source: Wellons' lowbias32, with the second half of the key between its
/// two rounds.
template <typename Number>
[[gnu::always_inline]] inline void mix(Number& identity, std::uint32_t key_low, std::uint32_t key_high) {
  identity ^= key_low;
  identity ^= identity >> 16;
  identity *= 0x7feb352dU;
  identity ^= identity >> 15;
  identity ^= key_high;
  identity *= 0x846ca68bU;
  identity ^= identity >> 16;
}

template <typename Lanes, typename Value>
[[gnu::always_inline]] inline void load(Lanes& lanes, const std::vector<Value>& values, std::size_t begin) {
  std::memcpy(&lanes, values.data() + begin, sizeof(lanes));
}

constexpr std::uint32_t low(std::uint64_t key) { return static_cast<std::uint32_t>(key); }
constexpr std::uint32_t high(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32); }

/// The upper 24 bits, which a float holds exactly.
constexpr int dropped_bits = 8;
constexpr float unit = 1.0F / (1U << 24);
/// For bounds that stay below in spite of rounding.
constexpr float below_half = 0.4999F;
constexpr float below_one = 0.999999F;

}  // namespace

void Rendezvous::set(AnalyzerId analyzer, std::uint64_t identity, std::uint64_t weight) {
  if (analyzer >= weights_.size()) {
    const std::size_t size = (analyzer / lane_count + 1) * lane_count;
    identities_.resize(size);
    inverse_weights_.resize(size, infinite);
    weights_.resize(size, 1);
    loads_.resize(size);
  }
  identities_[analyzer] = low(identity) ^ high(identity);
  set_weight(analyzer, weight);
}

void Rendezvous::set_weight(AnalyzerId analyzer, std::uint64_t weight) {
  const bool open = is_open(analyzer);
  weights_[analyzer] = static_cast<float>(weight);
  set_open(analyzer, open);
}

void Rendezvous::set_open(AnalyzerId analyzer, bool open) {
  inverse_weights_[analyzer] = open ? 1 / weights_[analyzer] : infinite;
}

[[gnu::always_inline]] inline std::optional<AnalyzerId> Rendezvous::choose_in_lanes(std::uint64_t key,
                                                                                    float load_per_weight) const {
  double best = std::numeric_limits<double>::infinity();
  std::optional<AnalyzerId> chosen;
  for (std::size_t begin = 0; begin < weights_.size(); begin += lane_count) {
    Whole hash;
    load(hash, identities_, begin);
    mix(hash, low(key), high(key));
    Real inverse_weight;
    Real weight;
    Real in_flight;
    load(inverse_weight, inverse_weights_, begin);
    load(weight, weights_, begin);
    load(in_flight, loads_, begin);
    const Real part = __builtin_convertvector(reinterpret_cast<Signed>(hash >> dropped_bits), Real) * unit;
    // -ln(1 - u) is at least u + u^2 / 2.
    const Real bound = part * (below_one + part * below_half) * inverse_weight;
    const Signed may_be = (bound < static_cast<float>(best)) & (in_flight <= weight * load_per_weight);
    const Long halves = reinterpret_cast<Long>(may_be);
    if ((halves[0] | halves[1] | halves[2] | halves[3]) == 0) continue;
    float bounds[lane_count];
    for (std::size_t lane = 0; lane < lane_count; ++lane) bounds[lane] = may_be[lane] != 0 ? bound[lane] : infinite;
    look_at(bounds, begin, key, best, chosen);
  }
  return chosen;
}

/// The least bound first: mostly it is the least score, too.
void Rendezvous::look_at(float* bounds, std::size_t begin, std::uint64_t key, double& best,
                         std::optional<AnalyzerId>& chosen) const {
  for (;;) {
    std::size_t least = 0;
    for (std::size_t lane = 1; lane < lane_count; ++lane) least = bounds[lane] < bounds[least] ? lane : least;
    if (!(static_cast<double>(bounds[least]) < best)) return;
    bounds[least] = infinite;
    const double exact = score(begin + least, key);
    if (exact >= best) continue;
    best = exact;
    chosen = static_cast<AnalyzerId>(begin + least);
  }
}

double Rendezvous::score(std::size_t index, std::uint64_t key) const {
  std::uint32_t hash = identities_[index];
  mix(hash, low(key), high(key));
  const double part = (static_cast<double>(hash) + 0.5) / 4294967296.0;
  return -std::log1p(-part) * static_cast<double>(inverse_weights_[index]);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::optional<AnalyzerId> Rendezvous::choose_by_avx2(std::uint64_t key,
                                                                             float load_per_weight) const {
  return choose_in_lanes(key, load_per_weight);
}
#endif

std::optional<AnalyzerId> Rendezvous::choose(std::uint64_t key, double load_per_weight) const {
  const auto per_weight = static_cast<float>(load_per_weight);
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return choose_by_avx2(key, per_weight);
#endif
  return choose_in_lanes(key, per_weight);
}

}  // namespace logdist::balance
