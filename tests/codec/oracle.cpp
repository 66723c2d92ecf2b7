#include "tests/codec/oracle.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/codec/json_tree.hpp"

namespace logdist::codec {
namespace {

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
