#include "logdist/config/text/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace logdist::config {
namespace {

constexpr std::string_view unlimited = "unlimited";
constexpr std::string_view per_second = "/s";
constexpr std::size_t weight_decimals_max = 6;
constexpr std::uint64_t weight_units_max = 1'000'000 * Weight::units_per_one;

template <typename T>
struct Unit {
  std::string_view name;
  T value;
};

// Largest first: formatting takes the first that divides.
constexpr std::array<Unit<Duration>, 5> duration_units{{{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}}};
constexpr std::array<Unit<std::uint64_t>, 4> size_units{{{"GiB", 1024 * MiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}};

struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
  bool too_large = false;
};

/// Digits, then whatever follows them; none when there are no digits.
std::optional<Quantity> split_unit(std::string_view text) {
  Quantity quantity;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  if (error == std::errc::invalid_argument) return std::nullopt;
  quantity.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  quantity.too_large = error == std::errc::result_out_of_range;
  return quantity;
}

/// Shows `value` in the first of `units` that divides it.
template <typename T, std::size_t count>
std::string in_largest_unit(T value, const std::array<Unit<T>, count>& units) {
  for (const auto& unit : units) {
    if (value % unit.value == T{}) return fmt::format("{}{}", value / unit.value, unit.name);
  }
  return {};
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  const auto quantity = split_unit(text);
  if (!quantity) return ValueError{quote(text) + " is not a duration"};
  if (quantity->unit.empty()) {
    if (quantity->number == 0 && !quantity->too_large) return Duration::zero();
    return ValueError{quote(text) + " has no unit"};
  }
  for (const auto& unit : duration_units) {
    if (unit.name != quantity->unit) continue;
    const auto largest = static_cast<std::uint64_t>(Duration::max() / unit.value);
    if (quantity->too_large || quantity->number > largest) return ValueError{quote(text) + " is too large"};
    return static_cast<Duration::rep>(quantity->number) * unit.value;
  }
  return ValueError{quote(text) + " is not a duration"};
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const auto quantity = split_unit(text);
  if (!quantity) return ValueError{quote(text) + " is not a size"};
  const std::string_view name = quantity->unit.empty() ? "B" : quantity->unit;
  for (const auto& unit : size_units) {
    if (unit.name != name) continue;
    const auto largest = std::numeric_limits<std::uint64_t>::max() / unit.value;
    if (quantity->too_large || quantity->number > largest) return ValueError{quote(text) + " is too large"};
    return quantity->number * unit.value;
  }
  return ValueError{quote(text) + " is not a size"};
}

Parsed<Weight> parse_weight(std::string_view text) {
  const auto quantity = split_unit(text);
  if (!quantity) return ValueError{quote(text) + " is not a positive decimal number"};
  std::uint64_t millionths = 0;
  if (!quantity->unit.empty()) {
    const std::string_view decimals = quantity->unit.substr(1);
    const bool decimal =
        quantity->unit[0] == '.' && !decimals.empty() && decimals.find_first_not_of("0123456789") == decimals.npos;
    if (!decimal) return ValueError{quote(text) + " is not a positive decimal number"};
    if (decimals.size() > weight_decimals_max) return ValueError{quote(text) + " has more than 6 decimals"};
    for (std::size_t place = 0; place < weight_decimals_max; ++place) {
      const int digit = place < decimals.size() ? decimals[place] - '0' : 0;
      millionths = millionths * 10 + static_cast<std::uint64_t>(digit);
    }
  }
  if (quantity->too_large || quantity->number > weight_units_max / Weight::units_per_one) {
    return ValueError{quote(text) + " is too large"};
  }
  const Weight weight{quantity->number * Weight::units_per_one + millionths};
  if (weight.units == 0) return ValueError{quote(text) + " is not above 0"};
  if (weight.units > weight_units_max) return ValueError{quote(text) + " is too large"};
  return weight;
}

Parsed<std::uint64_t> parse_rate(std::string_view text, RateUnit unit) {
  if (text == unlimited) return 0;
  const ValueError no_rate{quote(text) + " is not a rate"};
  if (!text.ends_with(per_second)) return no_rate;
  const std::string_view amount = text.substr(0, text.size() - per_second.size());
  if (unit == RateUnit::bytes) return parse_size(amount);
  const auto quantity = split_unit(amount);
  if (!quantity || !quantity->unit.empty()) return no_rate;
  if (quantity->too_large) return ValueError{quote(text) + " is too large"};
  return quantity->number;
}

std::string format_rate(std::uint64_t rate, RateUnit unit) {
  if (rate == 0) return std::string(unlimited);
  return (unit == RateUnit::bytes ? format_size(rate) : std::to_string(rate)).append(per_second);
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  const std::string text = in_largest_unit(duration, duration_units);
  return text.empty() ? fmt::format("{}ns", std::chrono::nanoseconds(duration).count()) : text;
}

std::string format_size(std::uint64_t bytes) { return bytes == 0 ? "0B" : in_largest_unit(bytes, size_units); }

std::string format_sync(SyncPolicy policy) {
  if (!policy.syncs) return "off";
  return policy.interval == Duration::zero() ? "always" : format_duration(policy.interval);
}

std::string format_weight(Weight weight) {
  const std::uint64_t whole = weight.units / Weight::units_per_one;
  const std::uint64_t millionths = weight.units % Weight::units_per_one;
  if (millionths == 0) return fmt::format("{}", whole);
  std::string text = fmt::format("{}.{:06}", whole, millionths);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace logdist::config
