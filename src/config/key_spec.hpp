// How a row of the tables of keys is made.
#pragma once

#include <cstdint>
#include <string_view>

#include "config/key_table.hpp"

namespace logdist::config {

template <typename Target, typename Field, typename Type>
KeySpec<Target> key_spec(std::string_view path, Field field, Type type, std::string_view meaning) {
  KeySpec<Target> made;
  made.path = path;
  made.type = Type::type;
  made.allowed = type.allowed();
  made.meaning = meaning;
  if constexpr (requires { type.choices(); }) made.choices = type.choices();
  if constexpr (requires { type.pattern(); }) made.pattern = type.pattern();
  if constexpr (requires { Type::is_list; }) made.is_list = true;
  if constexpr (Type::type == ValueType::whole_number || Type::type == ValueType::number) {
    made.bounds = {static_cast<double>(type.min), static_cast<double>(type.max)};
  }
  if constexpr (Type::type == ValueType::mapping) {
    made.assign_entry = [field, type](Target& target, std::string_view name, std::string_view value) {
      return type.assign_entry(field(target), name, value);
    };
  } else {
    made.assign = [field, type](Target& target, std::string_view text) { return type.assign(field(target), text); };
  }
  made.show = [field, type](const Target& target) { return type.show(field(target)); };
  return made;
}

/// A key and the field of the same name.
#define LOGDIST_KEY(path) \
  std::string_view(#path), [](auto& options) -> auto& { return options.path; }

inline constexpr std::uint64_t count_max = 1'000'000;

}  // namespace logdist::config
