#include "tests/codec/oracle.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace logdist::codec {
namespace {

using Json = nlohmann::json;

/// A JSON value with its keys in order and kept when they repeat.
struct Node {
  enum class Type { object, array, string, other };
  Type type = Type::other;
  std::string text;
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> children;

  std::size_t depth() const {
    std::size_t deepest = 0;
    for (const auto& [key, child] : children) deepest = std::max(deepest, child->depth());
    return deepest + (type == Type::object || type == Type::array ? 1 : 0);
  }
};

/// Builds the tree; remembers a number that is valid but above every double.
class TreeBuilder : public nlohmann::json_sax<Json> {
 public:
  std::unique_ptr<Node> root;
  std::size_t overflow_end = 0;
  std::string overflow_token;

  bool null() override { return add(Node::Type::other); }
  bool boolean(bool) override { return add(Node::Type::other); }
  bool number_integer(number_integer_t) override { return add(Node::Type::other); }
  bool number_unsigned(number_unsigned_t) override { return add(Node::Type::other); }
  bool number_float(number_float_t, const string_t&) override { return add(Node::Type::other); }
  bool string(string_t& text) override { return add(Node::Type::string, text); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::Type::object); }
  bool start_array(std::size_t) override { return open(Node::Type::array); }
  bool key(string_t& text) override {
    key_ = text;
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& token, const Json::exception& error) override {
    constexpr int number_overflow = 406;
    if (error.id == number_overflow) {
      overflow_end = position;
      overflow_token = token;
    }
    return false;
  }

 private:
  bool add(Node::Type type, std::string text = {}) {
    auto node = std::make_unique<Node>();
    node->type = type;
    node->text = std::move(text);
    last_ = node.get();
    if (open_.empty()) {
      root = std::move(node);
    } else {
      open_.back()->children.emplace_back(std::exchange(key_, {}), std::move(node));
    }
    return true;
  }
  bool open(Node::Type type) {
    add(type);
    open_.push_back(last_);
    return open_.size() <= 4 * max_depth;  // the tree is walked recursively
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Node*> open_;
  Node* last_ = nullptr;
  std::string key_;
};

/// The tree of `text`, or none when it is not JSON. Where nlohmann/json is no
/// judge of RFC 8259 its verdict is set right: it ends at a NUL, skips a byte
/// order mark, and refuses numbers that a double cannot hold.
std::unique_ptr<Node> parse(std::string text) {
  if (text.find('\0') != std::string::npos || text.starts_with("\xef\xbb\xbf")) return nullptr;
  for (;;) {
    TreeBuilder builder;
    if (Json::sax_parse(text, &builder)) return std::move(builder.root);
    if (builder.overflow_token.empty()) return nullptr;
    const std::size_t begin = text.rfind(builder.overflow_token, builder.overflow_end);
    text.replace(begin, builder.overflow_token.size(), "0e0");  // as final as the token was
  }
}

std::optional<std::uint32_t> count_messages(const Node& node) {
  if (node.type != Node::Type::array || node.children.empty()) return std::nullopt;
  for (const auto& [key, message] : node.children) {
    if (message->type != Node::Type::object && message->type != Node::Type::string) return std::nullopt;
  }
  return static_cast<std::uint32_t>(node.children.size());
}

std::optional<Verdict> read_packet(const Node& packet) {
  Verdict verdict;
  std::vector<std::string> seen;
  for (const auto& [key, value] : packet.children) {
    if (key != "messages" && key != "packet_id" && key != "agent_id") continue;
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) return std::nullopt;
    seen.push_back(key);
    if (key == "messages") {
      const auto count = count_messages(*value);
      if (!count) return std::nullopt;
      verdict.messages = *count;
      continue;
    }
    if (value->type != Node::Type::string) return std::nullopt;
    if (key == "packet_id") {
      verdict.packet_id = value->text;
      const bool visible =
          std::all_of(value->text.begin(), value->text.end(), [](char c) { return c > ' ' && c < 127; });
      if (!visible || value->text.empty() || value->text.size() > max_id_length) return std::nullopt;
    }
  }
  if (verdict.messages == 0) return std::nullopt;
  return verdict;
}

std::optional<Verdict> judge_json(std::string_view body) {
  const auto root = parse(std::string(body));
  if (!root || root->depth() > max_depth) return std::nullopt;
  if (root->type == Node::Type::object) return read_packet(*root);
  const auto count = count_messages(*root);
  if (!count) return std::nullopt;
  return Verdict{*count, {}};
}

std::optional<Verdict> judge_ndjson(std::string_view body) {
  Verdict verdict;
  while (!body.empty()) {
    const std::string line(body.substr(0, body.find('\n')));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto root = parse(line);
    if (!root || root->depth() > max_depth) return std::nullopt;
    ++verdict.messages;
  }
  if (verdict.messages == 0) return std::nullopt;
  return verdict;
}

}  // namespace

std::optional<Verdict> consult_oracle(Format format, std::string_view body) {
  return format == Format::json ? judge_json(body) : judge_ndjson(body);
}

}  // namespace logdist::codec
