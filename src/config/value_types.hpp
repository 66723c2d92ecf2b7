// The types of value a key can have. Each knows what it allows, in words; how
// to read a text into a field; and how to show a field. A row of the table
// (key_table.hpp) is a field and its type.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logdist/config/keys.hpp"
#include "logdist/config/options.hpp"
#include "logdist/config/text.hpp"
#include "logdist/config/text/checks.hpp"

namespace logdist::config {

/// A whole number from `min` to `max`.
struct Whole {
  static constexpr ValueType type = ValueType::whole_number;
  std::uint64_t min;
  std::uint64_t max;

  std::string allowed() const;
  std::string pattern() const { return "^[0-9]+$"; }
  Parsed<std::uint64_t> parse(std::string_view text) const;

  template <std::unsigned_integral T>
  OptionalError assign(T& field, std::string_view text) const {
    const auto value = parse(text);
    if (!value) return value.error();
    field = static_cast<T>(*value);
    return std::nullopt;
  }
  template <std::unsigned_integral T>
  OptionalError assign(std::optional<T>& field, std::string_view text) const {
    T value{};
    auto error = assign(value, text);
    if (!error) field = value;
    return error;
  }

  std::string show(std::uint64_t value) const { return std::to_string(value); }
  template <std::unsigned_integral T>
  std::string show(const std::optional<T>& value) const {
    return value ? show(*value) : "";
  }
};

/// A finite decimal number from `min` to `max`.
struct Real {
  static constexpr ValueType type = ValueType::number;
  double min;
  double max;

  std::string allowed() const;
  std::string pattern() const { return "^-?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$"; }
  OptionalError assign(double& field, std::string_view text) const;
  std::string show(double value) const;
};

/// A number of bytes from `min` to `max`.
struct Size {
  static constexpr ValueType type = ValueType::size;
  std::uint64_t min;
  std::uint64_t max;

  std::string allowed() const;
  std::string pattern() const { return min == 0 ? "^[0-9]+(B|KiB|MiB|GiB)?$" : "^0*[1-9][0-9]*(B|KiB|MiB|GiB)?$"; }
  OptionalError assign(std::size_t& field, std::string_view text) const;
  std::string show(std::uint64_t value) const { return format_size(value); }
};

/// So much a second, from `min` to `max`; with a `min` of 0 it may be unlimited, which is 0.
struct Rate {
  static constexpr ValueType type = ValueType::text;
  std::uint64_t min;
  std::uint64_t max;
  RateUnit unit = RateUnit::bytes;

  std::string allowed() const;
  std::string pattern() const;
  OptionalError assign(std::uint64_t& field, std::string_view text) const;
  std::string show(std::uint64_t value) const { return format_rate(value, unit); }
};

/// A duration from `min` to `max`.
struct Span {
  static constexpr ValueType type = ValueType::duration;
  Duration min;
  Duration max;

  std::string allowed() const;
  std::string pattern() const;
  OptionalError assign(Duration& field, std::string_view text) const;
  std::string show(Duration value) const { return format_duration(value); }
};

/// When stored packets are synced.
struct Sync {
  static constexpr ValueType type = ValueType::text;
  static constexpr Span interval{std::chrono::milliseconds(1), std::chrono::minutes(1)};

  std::string allowed() const { return "always, off, or a duration from 1ms to 1m"; }
  std::string pattern() const { return "^(always|off|0*[1-9][0-9]*(us|ms|s|m))$"; }
  OptionalError assign(SyncPolicy& field, std::string_view text) const;
  std::string show(SyncPolicy value) const { return format_sync(value); }
};

/// A text that `check` has nothing to say against.
struct Text {
  static constexpr ValueType type = ValueType::text;
  OptionalError (*check)(std::string_view text);
  std::string_view allowed_text;
  std::string_view pattern_text;  ///< that all of it fits; empty: any

  std::string allowed() const { return std::string(allowed_text); }
  std::string pattern() const { return std::string(pattern_text); }
  OptionalError assign(std::string& field, std::string_view text) const;
  std::string show(const std::string& value) const { return value; }
};

/// An address to listen on.
struct Address {
  static constexpr ValueType type = ValueType::text;

  std::string allowed() const { return "HOST:PORT, [IPV6]:PORT or :PORT"; }
  std::string pattern() const;
  OptionalError assign(ListenAddress& field, std::string_view text) const;
  std::string show(const ListenAddress& value) const { return format_listen_address(value); }
};

/// Addresses to listen on: a list, or a text with commas.
struct Addresses {
  static constexpr ValueType type = ValueType::text;
  static constexpr bool is_list = true;

  std::string allowed() const { return "HOST:PORT, [IPV6]:PORT, :PORT or unix:/PATH, up to 16 of them"; }
  std::string pattern() const;
  OptionalError assign(std::vector<ListenAddress>& field, std::string_view text) const;
  std::string show(const std::vector<ListenAddress>& value) const;
};

/// Networks: a list, or a text with commas; may be empty.
struct Networks {
  static constexpr ValueType type = ValueType::text;
  static constexpr bool is_list = true;

  std::string allowed() const {
    return "networks such as 10.0.0.0/8, addresses and unix: (unix sockets), up to 64 of them";
  }
  std::string pattern() const {
    return "^( *(unix:|[0-9A-Fa-f.:]+(/[0-9]{1,3})?)( *, *(unix:|[0-9A-Fa-f.:]+(/[0-9]{1,3})?))* *)?$";
  }
  OptionalError assign(std::vector<Network>& field, std::string_view text) const;
  std::string show(const std::vector<Network>& value) const;
};

/// Protocols by their names: a list, or a text with commas.
struct Protocols {
  static constexpr ValueType type = ValueType::text;
  static constexpr bool is_list = true;

  std::string allowed() const;
  std::string pattern() const;
  OptionalError assign(core::ProtocolSet& field, std::string_view text) const;
  std::string show(core::ProtocolSet value) const;
};

/// Where an analyzer is: fills in url, host, port, target and is_tls.
struct AnalyzerUrl {
  static constexpr ValueType type = ValueType::text;

  std::string allowed() const { return "http://HOST[:PORT][/PATH][?QUERY], or https://"; }
  std::string pattern() const;
  OptionalError assign(AnalyzerOptions& analyzer, std::string_view text) const;
  std::string show(const AnalyzerOptions& analyzer) const { return analyzer.url; }
};

/// A weight, exactly.
struct ExactWeight {
  static constexpr ValueType type = ValueType::number;
  static constexpr double min = 0.000001;
  static constexpr double max = 1'000'000;

  std::string allowed() const { return "a number above 0, at most 1000000, with at most 6 decimals"; }
  std::string pattern() const { return "^[0-9]+(\\.[0-9]{1,6})?$"; }
  OptionalError assign(Weight& field, std::string_view text) const;
  std::string show(Weight value) const { return format_weight(value); }
};

/// One of a few words.
template <typename Enum>
struct Choice {
  static constexpr ValueType type = ValueType::choice;
  std::vector<std::pair<std::string_view, Enum>> words;

  std::vector<std::string> choices() const {
    std::vector<std::string> names;
    for (const auto& word : words) names.emplace_back(word.first);
    return names;
  }
  std::string allowed() const {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "one of " : ", ") + std::string(word.first);
    return text;
  }
  OptionalError assign(Enum& field, std::string_view text) const {
    for (const auto& [name, value] : words) {
      if (name != text) continue;
      field = value;
      return std::nullopt;
    }
    return ValueError{quote(text) + " is unknown"};
  }
  std::string show(Enum value) const {
    for (const auto& word : words) {
      if (word.second == value) return std::string(word.first);
    }
    return {};
  }
};

/// Fields of HTTP that go along with every packet: a mapping, taken entry by entry.
struct Headers {
  static constexpr ValueType type = ValueType::mapping;
  using Field = std::vector<std::pair<std::string, std::string>>;

  std::string allowed() const;
  OptionalError assign_entry(Field& field, std::string_view name, std::string_view value) const;
  std::string show(const Field&) const { return {}; }
};

OptionalError check_secret(std::string_view text);
OptionalError check_optional_url(std::string_view text);
OptionalError check_optional_urls(std::string_view text);

}  // namespace logdist::config
