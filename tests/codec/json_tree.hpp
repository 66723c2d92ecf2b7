// JSON as nlohmann/json reads it, set right where that is no judge of RFC 8259.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logdist::codec {

/// A JSON value with its keys in order and kept when they repeat.
struct Node {
  enum class Type { object, array, string, other };
  Type type = Type::other;
  bool null = false;
  std::string text;
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> children;

  std::size_t depth() const {
    std::size_t deepest = 0;
    for (const auto& [key, child] : children) deepest = std::max(deepest, child->depth());
    return deepest + (type == Type::object || type == Type::array ? 1 : 0);
  }
};

/// The tree of `text`, or none when it is not JSON.
std::unique_ptr<Node> parse(std::string text);

}  // namespace logdist::codec
