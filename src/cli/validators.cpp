#include "cli/validators.hpp"

#include <fmt/format.h>

#include "logdist/config/text.hpp"
#include "logdist/os/time_text.hpp"
#include "logdist/os/wall_clock.hpp"

namespace logdist::cli {
namespace {

/// Compares as floating point, since CLI11 reads `-1` as a large unsigned number;
/// help texts do not show it.
CLI::Validator number(double low, double high, std::string allowed) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        if (is_number && value >= low && value <= high) return std::string();
        return fmt::format("{} {}; allowed: {}", config::quote(text), is_number ? "is out of range" : "is not a number",
                           allowed);
      },
      "");
}

}  // namespace

CLI::Validator duration(Duration& target) {
  return CLI::Validator(
      [&target](std::string& text) {
        const auto parsed = config::parse_duration(text);
        if (!parsed) return parsed.error().text;
        target = *parsed;
        return std::string();
      },
      "");
}

CLI::Validator at_least(Duration low, const Duration& value) {
  return CLI::Validator(
      [low, &value](std::string& text) {
        return value >= low ? std::string()
                            : fmt::format("{} is too short; allowed: {} or more", config::quote(text),
                                          config::format_duration(low));
      },
      "");
}

CLI::Validator within(double low, double high) { return number(low, high, fmt::format("{} to {}", low, high)); }

CLI::Validator at_least_one() { return number(1, 1e18, "1 or more"); }

CLI::Validator time_of(std::optional<std::int64_t>& target) {
  return CLI::Validator(
      [&target](std::string& text) {
        target = os::parse_time(text, os::unix_time_ns());
        return target ? std::string()
                      : fmt::format("{} is not a time; allowed: 2026-05-01T10:00:00Z, or -15m before now",
                                    config::quote(text));
      },
      "");
}

}  // namespace logdist::cli
